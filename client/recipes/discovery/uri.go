package discovery

import (
	"fmt"
	"strconv"
	"strings"

	"quoll/client"
)

// part is one of those that Curator's UriSpec consists of.
type part struct {
	Value    string `json:"value"`
	Variable bool   `json:"variable"`
}

// parseURI splits a pattern at its variables.
func parseURI(pattern string) ([]part, error) {
	var parts []part
	for rest := pattern; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			return append(parts, part{rest, false}), nil
		}
		if at > 0 {
			parts = append(parts, part{rest[:at], false})
		}
		name, after, ok := strings.Cut(rest[at+1:], "}")
		if rest[at] == '}' || !ok || strings.Contains(name, "{") {
			return nil, fmt.Errorf("%w: braces of %q", client.ErrBadArguments, pattern)
		}
		if name != "" {
			parts = append(parts, part{strings.TrimSpace(name), true})
		}
		rest = after
	}
	return parts, nil
}

func joinURI(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Variable {
			b.WriteString("{" + p.Value + "}")
		} else {
			b.WriteString(p.Value)
		}
	}
	return b.String()
}

func appendParts(b []byte, parts []part) []byte {
	if len(parts) == 0 {
		return append(b, "null"...)
	}
	b = append(b, `{"parts":[`...)
	for i, p := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(append(b, `{"value":`...), p.Value)
		b = strconv.AppendBool(append(b, `,"variable":`...), p.Variable)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// BuildURI fills in the variables of URI: scheme (https if there is an SSLPort, else http), name,
// id, address, port, ssl-port, registration-time-utc, service-type, "[" and "]" for braces, and
// those of vars, which come first. A variable that nobody knows is left out.
func (in *Instance[T]) BuildURI(vars map[string]string) (string, error) {
	parts, err := parseURI(in.URI)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, p := range parts {
		value, ok := p.Value, !p.Variable
		if !ok {
			value, ok = vars[p.Value]
		}
		if !ok {
			value = in.variable(p.Value)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

func (in *Instance[T]) variable(name string) string {
	port := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	switch name {
	case "[":
		return "{"
	case "]":
		return "}"
	case "scheme":
		if in.SSLPort != 0 {
			return "https"
		}
		return "http"
	case "name":
		return in.Name
	case "id":
		return in.ID
	case "address":
		return in.Address
	case "port":
		return port(in.Port)
	case "ssl-port":
		return port(in.SSLPort)
	case "registration-time-utc":
		return strconv.FormatInt(in.Registered.UnixMilli(), 10)
	case "service-type":
		return strings.ToLower(in.Type.String())
	}
	return ""
}
