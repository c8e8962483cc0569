package admin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"quoll/client"
	"quoll/internal/shell/fault"
)

// servers reads lists of servers with commas, as "server.N=..." each. N=... will do.
func servers(lists []string) ([]string, error) {
	var all []string
	for text := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if text == "" {
			continue
		}
		id, spec, ok := strings.Cut(strings.TrimPrefix(text, "server."), "=")
		if _, err := strconv.ParseInt(id, 10, 64); err != nil || !ok || spec == "" {
			return nil, fault.Usage("%q is not N=host:port:port;client address", text)
		}
		all = append(all, "server."+id+"="+strings.ToLower(spec))
	}
	return all, nil
}

// applied is the configuration that a change would make. Where clients will connect to, the servers
// tell once it holds.
func applied(now client.ServerConfig, ch client.ConfigChange) client.ServerConfig {
	joined := ch.Join
	if len(ch.Members) > 0 {
		now.Members, joined = nil, ch.Members
	}
	for _, text := range joined {
		key, spec, _ := strings.Cut(text, "=")
		id, _ := strconv.ParseInt(strings.TrimPrefix(key, "server."), 10, 64) // checked by servers
		now.Members = slices.DeleteFunc(now.Members, func(m client.Member) bool {
			return m.ID == id
		})
		now.Members = append(now.Members, client.Member{ID: id, Spec: spec})
	}
	now.Members = slices.DeleteFunc(now.Members, func(m client.Member) bool {
		return slices.Contains(ch.Leave, m.ID)
	})
	slices.SortFunc(now.Members, func(a, b client.Member) int { return int(a.ID - b.ID) })
	var text strings.Builder
	for _, m := range now.Members {
		fmt.Fprintf(&text, "server.%d=%s\n", m.ID, m.Spec)
	}
	now.Text = text.String()
	return now
}
