package editing

import (
	"strconv"
	"strings"

	"quoll/internal/shell/contexts"
	"quoll/internal/shell/fault"
)

// pair is a key of a context and its value.
type pair struct{ key, value string }

// texts are the keys whose values are text.
func texts(c *contexts.Context) map[string]*string {
	return map[string]*string{
		"servers": &c.Servers, "chroot": &c.Chroot, "tls.ca": &c.TLS.CA, "tls.cert": &c.TLS.Cert,
		"tls.key": &c.TLS.Key, "tls.server_name": &c.TLS.ServerName, "auth_file": &c.AuthFile,
		"auth_command": &c.AuthCommand, "color": &c.Color,
	}
}

// switches are the keys whose values are true or false.
func switches(c *contexts.Context) map[string]*bool {
	return map[string]*bool{"read_only": &c.ReadOnly, "protected": &c.Protected}
}

// set does KEY=VALUE.
func set(c *contexts.Context, text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return fault.Usage("%q is not KEY=VALUE", text)
	}
	if to, ok := texts(c)[key]; ok {
		*to = value
		return nil
	}
	if key == "auth" {
		return fault.Usage("auth would be seen by whoever lists processes: auth_file, auth_command")
	}
	to, ok := switches(c)[key]
	if !ok {
		return fault.Usage("there is no key %q", key)
	}
	*to = false
	if value == "" {
		return nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return fault.Usage("%s is true or false, not %q", key, value)
	}
	*to = on
	return nil
}

// pairs are the keys that a context has, in the order of the file.
func pairs(c *contexts.Context) []pair {
	var all []pair
	text := texts(c)
	for _, key := range []string{
		"servers", "chroot", "tls.ca", "tls.cert", "tls.key", "tls.server_name", "auth_file",
		"auth_command", "color",
	} {
		if *text[key] != "" {
			all = append(all, pair{key, *text[key]})
		}
	}
	on := switches(c)
	for _, key := range []string{"read_only", "protected"} {
		if *on[key] {
			all = append(all, pair{key, "true"})
		}
	}
	if len(c.Auth) > 0 {
		all = append(all, pair{"auth", strconv.Itoa(len(c.Auth)) + " identities"})
	}
	return all
}
