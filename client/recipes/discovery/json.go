package discovery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"

	"quoll/client/recipes/internal/hold"
)

// Curator writes instances by Jackson. This file writes the same bytes: the same order of fields,
// null for what is not there, and strings escaped in Jackson's way.

// classKey is where Jackson puts the class of an object.
const classKey = "@class"

// listClass is what a list is read as if nobody says otherwise.
const listClass = "java.util.ArrayList"

func encode[T any](in *Instance[T]) ([]byte, error) {
	payload, err := encodePayload(in.Payload, in.PayloadClass)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	parts, err := parseURI(in.URI)
	if err != nil {
		return nil, err
	}
	b := appendQuoted([]byte(`{"name":`), in.Name)
	b = appendQuoted(append(b, `,"id":`...), in.ID)
	b = append(b, `,"address":`...)
	if in.Address == "" {
		b = append(b, "null"...)
	} else {
		b = appendQuoted(b, in.Address)
	}
	b = appendPort(append(b, `,"port":`...), in.Port)
	b = appendPort(append(b, `,"sslPort":`...), in.SSLPort)
	b = append(append(b, `,"payload":`...), payload...)
	b = strconv.AppendInt(append(b, `,"registrationTimeUTC":`...), in.Registered.UnixMilli(), 10)
	b = append(append(b, `,"serviceType":"`...), in.Type.String()...)
	b = appendParts(append(b, `","uriSpec":`...), parts)
	if in.Disabled {
		// Curator leaves the field out, for the sake of old readers; so it is there only if it says
		// something.
		b = append(b, `,"enabled":false`...)
	}
	return append(b, '}'), nil
}

func appendPort(b []byte, port int) []byte {
	if port == 0 {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, int64(port), 10)
}

// appendQuoted writes a string as Jackson does: non-ASCII characters as they are but for those
// outside of the basic plane, which become two escapes.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r < ' ':
			b = fmt.Appendf(b, `\u%04X`, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04X\u%04X`, high, low)
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}

// encodePayload writes the payload with its class, where Jackson looks for that: inside of an
// object, and in front of anything else.
func encodePayload(v any, class string) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	value, err := requote(plain)
	if err != nil {
		return nil, err
	}
	if value[0] == '[' && class == "" {
		class = listClass
	}
	switch {
	case class == "" || string(value) == "null":
		return value, nil
	case value[0] == '{':
		b := appendQuoted([]byte(`{"`+classKey+`":`), class)
		if len(value) > 2 {
			b = append(b, ',')
		}
		return append(b, value[1:]...), nil
	}
	b := appendQuoted([]byte("["), class)
	return append(append(append(b, ','), value...), ']'), nil
}

// requote writes all strings of a JSON text in Jackson's way.
func requote(text []byte) ([]byte, error) {
	var b []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			b = append(b, text[i])
			continue
		}
		end := i + 1
		for text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		var s string
		if err := json.Unmarshal(text[i:end+1], &s); err != nil {
			return nil, err
		}
		b = appendQuoted(b, s)
		i = end
	}
	return b, nil
}

// record is the JSON of an instance, as it is read.
type record struct {
	Name                string          `json:"name"`
	ID                  string          `json:"id"`
	Address             string          `json:"address"`
	Port                int             `json:"port"`
	SSLPort             int             `json:"sslPort"`
	Payload             json.RawMessage `json:"payload"`
	RegistrationTimeUTC int64           `json:"registrationTimeUTC"`
	ServiceType         string          `json:"serviceType"`
	URISpec             struct {
		Parts []part `json:"parts"`
	} `json:"uriSpec"`
	Enabled *bool `json:"enabled"`
}

// decode reads an instance. What it does not know it leaves out, as Curator does.
func decode[T any](data []byte) (Instance[T], error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return Instance[T]{}, fmt.Errorf("%w: not an instance: %w", hold.ErrLayout, err)
	}
	in := Instance[T]{
		Name: r.Name, ID: r.ID, Address: r.Address, Port: r.Port, SSLPort: r.SSLPort,
		Registered: time.UnixMilli(r.RegistrationTimeUTC), URI: joinURI(r.URISpec.Parts),
		Disabled: r.Enabled != nil && !*r.Enabled,
	}
	known := false
	for t, name := range typeNames {
		if name == r.ServiceType {
			in.Type, known = Type(t), true
		}
	}
	if !known && r.ServiceType != "" {
		return in, fmt.Errorf("%w: service type %q", hold.ErrLayout, r.ServiceType)
	}
	value, class, err := splitClass(r.Payload)
	if err == nil && len(value) > 0 {
		err = json.Unmarshal(value, &in.Payload)
	}
	if err != nil {
		return in, fmt.Errorf("%w: payload: %w", hold.ErrLayout, err)
	}
	in.PayloadClass = class
	return in, nil
}

// splitClass takes the class off a payload.
func splitClass(payload json.RawMessage) (value json.RawMessage, class string, err error) {
	payload = bytes.TrimSpace(payload)
	switch {
	case len(payload) == 0:
		return nil, "", nil
	case payload[0] == '{' && bytes.Contains(payload, []byte(`"`+classKey+`"`)):
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(payload, &fields); err != nil {
			return nil, "", err
		}
		if err := json.Unmarshal(fields[classKey], &class); err != nil {
			return payload, "", nil // it is one of the payload's own, further down
		}
		delete(fields, classKey)
		value, err = json.Marshal(fields)
		return value, class, err
	case payload[0] == '[':
		var pair []json.RawMessage
		if err := json.Unmarshal(payload, &pair); err != nil {
			return nil, "", err
		}
		if len(pair) == 2 && json.Unmarshal(pair[0], &class) == nil {
			return pair[1], class, nil
		}
	}
	return payload, "", nil
}
