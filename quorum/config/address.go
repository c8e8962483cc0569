package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// HostPort is a host, by name or by number, and a port. An IPv6 address stands in it without
// brackets, and as Java writes it: eight numbers, none left out.
type HostPort struct {
	Host string
	Port int
}

// String is host:port, with an IPv6 address in brackets.
func (a HostPort) String() string { return bracketed(a.Host) + ":" + strconv.Itoa(a.Port) }

// Wildcard says whether the host is 0.0.0.0 or ::, where a server listens and nobody can dial.
func (a HostPort) Wildcard() bool {
	ip, err := netip.ParseAddr(a.Host)
	return err == nil && ip.IsUnspecified()
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// ParseHello reads the addresses of an ensemble.Hello and leaves out wildcards, as Apache does:
// with none left, the sender is dialled where the configuration says. The error wraps ErrText.
func ParseHello(text []byte) ([]HostPort, error) {
	var all []HostPort
	for _, spec := range javaSplit(string(text), "|") {
		parts, err := hostAndPorts(spec)
		if err != nil {
			return nil, err
		}
		if len(parts) != 2 {
			return nil, fmt.Errorf("%q is not host:port: %w", spec, ErrText)
		}
		port, err := parsePort(parts[1])
		if err != nil {
			return nil, err
		}
		if a := (HostPort{javaHost(parts[0]), port}); !a.Wildcard() {
			all = append(all, a)
		}
	}
	return all, nil
}

// FormatHello is the text of the addresses in an ensemble.Hello: version 1 has one, version 2 all.
func FormatHello(addresses []HostPort) []byte {
	var out []byte
	for i, a := range addresses {
		if i > 0 {
			out = append(out, '|')
		}
		out = append(out, a.String()...)
	}
	return out
}

// javaHost is what Java makes of a host that is a number or nothing: an address has no name of its
// own and is written out.
func javaHost(host string) string {
	if host == "" {
		return "localhost"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return host
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	b := ip.As16()
	out := make([]byte, 0, len("1111:2222:3333:4444:5555:6666:7777:8888"))
	for i := 0; i < len(b); i += 2 {
		if i > 0 {
			out = append(out, ':')
		}
		out = strconv.AppendUint(out, uint64(b[i])<<8|uint64(b[i+1]), 16)
	}
	return string(out)
}

func parsePort(text string) (int, error) {
	port, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a port: %w", text, ErrText)
	}
	if port < 0 || port > 65535 {
		return 0, fmt.Errorf("%q is not a port: %w", text, ErrNumber)
	}
	return int(port), nil
}

// hostAndPorts splits at colons; an IPv6 address stands in brackets.
func hostAndPorts(spec string) ([]string, error) {
	rest, open := strings.CutPrefix(spec, "[")
	if !open {
		return javaSplit(spec, ":"), nil
	}
	host, ports, closed := strings.Cut(rest, "]")
	if !closed {
		return nil, fmt.Errorf("%q lacks its closing bracket: %w", spec, ErrText)
	}
	if ports == "" {
		return []string{host}, nil
	}
	if len(ports) < 2 || ports[0] != ':' {
		return nil, fmt.Errorf("%q lacks a port behind the bracket: %w", spec, ErrText)
	}
	return append([]string{host}, javaSplit(ports[1:], ":")...), nil
}

// javaSplit is String.split of Java: empty parts at the end are no parts, so that a separator there
// means nothing. The first part is always there.
func javaSplit(text, separator string) []string {
	parts := strings.Split(text, separator)
	for len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}
