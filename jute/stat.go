package jute

// Stat is what a client is told about a node, 68 bytes on the wire.
type Stat struct {
	Czxid          Zxid      // zxid of the create
	Mzxid          Zxid      // zxid of the last setData, or of the create
	Ctime          int64     // ms since 1970 of the create, by the leader's clock
	Mtime          int64     // ms since 1970 of the last setData
	Version        int32     // setData count
	Cversion       int32     // changes of the set of children: creates and deletes
	Aversion       int32     // setACL count
	EphemeralOwner SessionID // session of an ephemeral node; 0 for every other kind
	DataLength     int32     // bytes of data; 0 when null
	NumChildren    int32
	Pzxid          Zxid // zxid of the last change of the set of children
}

// StatBytes is the size of an encoded Stat.
const StatBytes = 68

// Fields names the fields in wire order.
func (r *Stat) Fields(c *Coder) {
	c.Zxid("czxid", &r.Czxid)
	c.Zxid("mzxid", &r.Mzxid)
	c.Long("ctime", &r.Ctime)
	c.Long("mtime", &r.Mtime)
	c.Int("version", &r.Version)
	c.Int("cversion", &r.Cversion)
	c.Int("aversion", &r.Aversion)
	c.Session("ephemeralOwner", &r.EphemeralOwner)
	c.Int("dataLength", &r.DataLength)
	c.Int("numChildren", &r.NumChildren)
	c.Zxid("pzxid", &r.Pzxid)
}

// StatPersisted is the part of a node's Stat that snapshots hold, 60 bytes.
//
// Two fields differ in meaning from Stat's: Cversion counts creates of children only (it is the
// counter behind sequential names; Stat shows 2*Cversion - NumChildren), and EphemeralOwner also
// marks containers and TTL nodes (EphemeralType).
type StatPersisted struct {
	Czxid          Zxid
	Mzxid          Zxid
	Ctime          int64 // ms since 1970
	Mtime          int64 // ms since 1970
	Version        int32
	Cversion       int32
	Aversion       int32
	EphemeralOwner SessionID
	Pzxid          Zxid
}

// StatPersistedBytes is the size of an encoded StatPersisted.
const StatPersistedBytes = 60

// Fields names the fields in wire order.
func (r *StatPersisted) Fields(c *Coder) {
	c.Zxid("czxid", &r.Czxid)
	c.Zxid("mzxid", &r.Mzxid)
	c.Long("ctime", &r.Ctime)
	c.Long("mtime", &r.Mtime)
	c.Int("version", &r.Version)
	c.Int("cversion", &r.Cversion)
	c.Int("aversion", &r.Aversion)
	c.Session("ephemeralOwner", &r.EphemeralOwner)
	c.Zxid("pzxid", &r.Pzxid)
}

// ID is a principal: a scheme and its name for someone.
type ID struct {
	Scheme string // "world", "digest", "ip", "super", ...
	ID     string // "anyone", "user:base64(hash)", "10.0.0.0/8", ...

	nullScheme, nullID bool // null was read, which is not ""
}

// NullScheme says that the scheme was null on the wire. No server stores such an id.
func (r *ID) NullScheme() bool { return r.nullScheme }

// NullID says that the id was null on the wire. No server stores such an id.
func (r *ID) NullID() bool { return r.nullID }

// Fields names the fields in wire order.
func (r *ID) Fields(c *Coder) {
	c.nullableString("scheme", &r.Scheme, &r.nullScheme)
	c.nullableString("id", &r.ID, &r.nullID)
}

// IDMinBytes is the size of an ID whose scheme and id are empty or null.
const IDMinBytes = 8

// IDs codes a vector of ids; nil is null.
func (c *Coder) IDs(name string, v *[]ID) { vector(c, name, v, IDMinBytes) }

// ACL grants permissions to a principal.
type ACL struct {
	Perms Perms
	ID    ID
}

// aclMinBytes: perms and two empty strings.
const aclMinBytes = 12

// Fields names the fields in wire order.
func (r *ACL) Fields(c *Coder) {
	c.Perms("perms", &r.Perms)
	c.Nested("id", &r.ID)
}

// ACLs codes a vector of ACL entries; nil is null.
func (c *Coder) ACLs(name string, v *[]ACL) { vector(c, name, v, aclMinBytes) }

// ClientInfo is one identity of a connection, as whoAmI tells it.
type ClientInfo struct {
	AuthScheme string
	User       string // the user's name without any hash; "" when the scheme is unknown
}

// Fields names the fields in wire order.
func (r *ClientInfo) Fields(c *Coder) {
	c.String("authScheme", &r.AuthScheme)
	c.String("user", &r.User)
}
