package hosts

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"quoll/jute"
)

// ErrServers is a connection string that cannot be read.
var ErrServers = errors.New("invalid connection string")

// DefaultPort is the port of a server that is named without one.
const DefaultPort = "2181"

const srvScheme = "srv://"

// List is what a connection string says.
type List struct {
	Servers []string // host:port, as net.Dial takes them
	SRV     string   // name of the SRV records that have the servers; then Servers is empty
	Chroot  string   // "" or an absolute path
}

// Parse reads a connection string.
func Parse(text string) (List, error) {
	if name, ok := strings.CutPrefix(text, srvScheme); ok {
		name, chroot := cutChroot(name)
		if name == "" {
			return List{}, fmt.Errorf("%w %q: no name of SRV records", ErrServers, text)
		}
		return List{SRV: name, Chroot: chroot}, checkChroot(text, chroot)
	}
	servers, chroot := cutChroot(text)
	list := List{Chroot: chroot}
	for _, server := range strings.Split(servers, ",") {
		server = strings.TrimSpace(server)
		if server == "" {
			continue
		}
		at, err := address(server)
		if err != nil {
			return List{}, fmt.Errorf("%w %q: %w", ErrServers, text, err)
		}
		list.Servers = append(list.Servers, at)
	}
	if len(list.Servers) == 0 {
		return List{}, fmt.Errorf("%w %q: no server", ErrServers, text)
	}
	return list, checkChroot(text, chroot)
}

func cutChroot(text string) (servers, chroot string) {
	at := strings.IndexByte(text, '/')
	if at < 0 {
		return text, ""
	}
	if text[at:] == "/" {
		return text[:at], ""
	}
	return text[:at], text[at:]
}

func checkChroot(text, chroot string) error {
	if chroot != "" && !jute.ValidPath([]byte(chroot)) {
		return fmt.Errorf("%w %q: chroot %q: %w", ErrServers, text, chroot, jute.ErrPath)
	}
	return nil
}

// address completes a server with the default port. An IPv6 address needs brackets if a port
// follows it.
func address(server string) (string, error) {
	host, port := server, DefaultPort
	switch colons := strings.Count(server, ":"); {
	case strings.HasPrefix(server, "["):
		end := strings.IndexByte(server, ']')
		if end < 0 {
			return "", fmt.Errorf("%q: missing ']'", server)
		}
		host = server[1:end]
		rest := server[end+1:]
		if rest != "" && rest[0] != ':' {
			return "", fmt.Errorf("%q: %q after ']'", server, rest)
		}
		if rest != "" {
			port = rest[1:]
		}
	case colons == 1:
		host, port, _ = strings.Cut(server, ":")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("%q: port %q is not a number from 1 to 65535", server, port)
	}
	if host == "" || strings.ContainsAny(host, " \t@") {
		return "", fmt.Errorf("%q: no host", server)
	}
	return net.JoinHostPort(host, port), nil
}
