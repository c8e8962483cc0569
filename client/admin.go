package client

import (
	"context"
	"strconv"
	"strings"

	"quoll/client/internal/calls"
	"quoll/jute"
)

// configPath is where an ensemble keeps its configuration. It is not below a chroot.
const configPath = "/zookeeper/config"

// GetACL returns the ACL of a node, and its Stat. Without ADMIN permission the server masks the
// hashes of digest ids.
func (c *Client) GetACL(ctx context.Context, path string) ([]ACL, Stat, error) {
	call, err := c.pathOnly(jute.OpGetACL, path)
	if err != nil {
		return nil, Stat{}, err
	}
	var r jute.ACLStat
	err = c.into(ctx, call, path, &r)
	return r.ACL, r.Stat, err
}

// SetACL replaces the ACL of a node, if its ACL has the version (Stat.Aversion).
func (c *Client) SetACL(
	ctx context.Context, path string, acl []ACL, aversion int32,
) (Stat, error) {
	call, err := c.call(jute.OpSetACL, calls.Write, path)
	if err != nil {
		return Stat{}, err
	}
	encode(call, &jute.SetACLRequest{Path: call.Path, ACL: acl, Version: aversion})
	return c.stat(ctx, call, path)
}

// Sync waits until the server knows all writes that were answered before, by any server.
func (c *Client) Sync(ctx context.Context, path string) error {
	call, err := c.pathOnly(jute.OpSync, path)
	if err != nil {
		return err
	}
	return c.done(ctx, call, path)
}

// Descendants is how many nodes are below a node (getAllChildrenNumber, 3.6).
func (c *Client) Descendants(ctx context.Context, path string) (int, error) {
	call, err := c.pathOnly(jute.OpGetAllChildren, path)
	if err != nil {
		return 0, err
	}
	var r jute.TotalNumber
	err = c.into(ctx, call, path, &r)
	return int(r.TotalNumber), err
}

// Ephemerals returns the paths of this session's ephemeral nodes that begin with prefix, which may
// be "", and otherwise begins with / (getEphemerals, 3.6).
func (c *Client) Ephemerals(ctx context.Context, prefix string) ([]string, error) {
	if prefix == "" {
		prefix = "/"
	}
	err := c.check([]byte("/"))
	if err == nil && prefix[0] != '/' {
		err = ErrInvalidPath
	}
	if err != nil {
		return nil, c.fail(jute.OpGetEphemerals, prefix, err)
	}
	call := c.core.queue.New(jute.OpGetEphemerals, calls.Read)
	encode(call, &jute.PathOnly{Path: []byte(c.root + prefix)})
	var r jute.Names
	if err := c.into(ctx, call, prefix, &r); err != nil {
		return nil, err
	}
	paths := texts(r.Names)
	for i := range paths {
		paths[i] = c.relative(paths[i])
	}
	return paths, nil
}

// WhoAmI returns the identities of the connection, as the server sees them (3.7). The ids of digest
// identities are without the hash.
func (c *Client) WhoAmI(ctx context.Context) ([]ID, error) {
	call := c.core.queue.New(jute.OpWhoAmI, calls.Read)
	call.End(call.Begin())
	var r jute.WhoAmIResponse
	if err := c.into(ctx, call, "", &r); err != nil {
		return nil, err
	}
	ids := make([]ID, len(r.ClientInfo))
	for i, info := range r.ClientInfo {
		ids[i] = ID{Scheme: info.AuthScheme, ID: info.User}
	}
	return ids, nil
}

// AddAuth adds an identity to this connection and to all that follow. If the server refuses it, the
// client has failed for good: the state is AuthFailed.
func (c *Client) AddAuth(ctx context.Context, scheme string, cred []byte) error {
	call := c.core.queue.New(jute.OpAuth, calls.Read)
	encode(call, &jute.AuthPacket{Scheme: []byte(scheme), Auth: cred})
	err := c.done(ctx, call, "")
	if err == nil {
		c.core.parts.Auth.Keep(scheme, cred)
	}
	return err
}

// ServerConfig is the configuration of an ensemble.
type ServerConfig struct {
	Version int64 // zxid of the reconfig that made it
	Members []Member
	Text    string // as the server sent it
}

// Member is a server of an ensemble.
type Member struct {
	ID     int64
	Spec   string // host:port:port:role;client address, as in a configuration file
	Client string // host:port for clients; "" if the configuration does not tell
}

// Config returns the configuration of the ensemble (3.5). A server that runs alone has no members.
func (c *Client) Config(ctx context.Context) (ServerConfig, error) {
	data, _, err := c.unrooted().Get(ctx, configPath)
	if err != nil {
		return ServerConfig{}, err
	}
	return parseConfig(string(data)), nil
}

// unrooted is the client without a chroot.
func (c *Client) unrooted() *Client { return &Client{core: c.core, view: true} }

// ConfigChange says what a Reconfig changes: either Join and Leave, or Members.
type ConfigChange struct {
	Join    []string // "server.N=host:port:port:role;client address"
	Leave   []int64
	Members []string // all servers of the new configuration, as in Join
}

// Reconfig changes the ensemble (3.5). from is the version that it has to have, or -1. The server
// demands reconfigEnabled, and WRITE permission on /zookeeper/config.
func (c *Client) Reconfig(
	ctx context.Context, ch ConfigChange, from int64,
) (ServerConfig, error) {
	r := jute.ReconfigRequest{CurConfigID: from}
	if len(ch.Join) > 0 {
		r.JoiningServers = []byte(strings.Join(ch.Join, ","))
	}
	if len(ch.Leave) > 0 {
		ids := make([]string, len(ch.Leave))
		for i, id := range ch.Leave {
			ids[i] = strconv.FormatInt(id, 10)
		}
		r.LeavingServers = []byte(strings.Join(ids, ","))
	}
	if len(ch.Members) > 0 {
		r.NewMembers = []byte(strings.Join(ch.Members, "\n"))
	}
	call := c.core.queue.New(jute.OpReconfig, calls.Write)
	encode(call, &r)
	var answer jute.DataStat
	if err := c.into(ctx, call, "", &answer); err != nil {
		return ServerConfig{}, err
	}
	return parseConfig(string(answer.Data)), nil
}

// parseConfig reads "server.N=..." and "version=..." lines. What it does not know it leaves to
// Text.
func parseConfig(text string) ServerConfig {
	config := ServerConfig{Text: text}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "version" {
			config.Version, _ = strconv.ParseInt(value, 16, 64)
			continue
		}
		id, err := strconv.ParseInt(strings.TrimPrefix(key, "server."), 10, 64)
		if err != nil || !strings.HasPrefix(key, "server.") {
			continue
		}
		config.Members = append(config.Members, Member{
			ID: id, Spec: value, Client: clientAddress(value),
		})
	}
	return config
}

// clientAddress is where clients reach a server: what is behind the semicolon. A bare port, and one
// of all addresses, are those of the server's first host.
func clientAddress(spec string) string {
	peer, at, ok := strings.Cut(spec, ";")
	if !ok || at == "" {
		return ""
	}
	at, _, _ = strings.Cut(at, ";")
	colon := strings.LastIndexByte(at, ':')
	host, port := "", at[colon+1:]
	if colon >= 0 {
		host = at[:colon]
	}
	if host == "" || host == "0.0.0.0" || host == "[::]" || host == "[0:0:0:0:0:0:0:0]" {
		host = firstHost(peer)
	}
	return host + ":" + port
}

// firstHost is the host of "host:port:port:role|...", which may be an IPv6 address in brackets.
func firstHost(peer string) string {
	if end := strings.IndexByte(peer, ']'); end >= 0 && strings.HasPrefix(peer, "[") {
		return peer[:end+1]
	}
	host, _, _ := strings.Cut(peer, ":")
	return host
}
