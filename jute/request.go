package jute

// CreateRequest is the body of create, create2 and createContainer.
type CreateRequest struct {
	Path  []byte
	Data  []byte // null and empty differ
	ACL   []ACL
	Flags CreateMode
}

// Fields names the fields in wire order.
func (r *CreateRequest) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Buffer("data", &r.Data)
	c.ACLs("acl", &r.ACL)
	c.CreateMode("flags", &r.Flags)
}

// CreateTTLRequest is the body of createTTL (3.5.3).
type CreateTTLRequest struct {
	CreateRequest
	TTL int64 // ms
}

// Fields names the fields in wire order.
func (r *CreateTTLRequest) Fields(c *Coder) {
	r.CreateRequest.Fields(c)
	c.Long("ttl", &r.TTL)
}

// PathVersion is the body of delete and of check: a path, and the version it must have (-1: any).
type PathVersion struct {
	Path    []byte
	Version int32
}

// Fields names the fields in wire order.
func (r *PathVersion) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Int("version", &r.Version)
}

// PathWatch is the body of exists, getData, getChildren and getChildren2.
type PathWatch struct {
	Path  []byte
	Watch bool // leave a one-shot watch
}

// Fields names the fields in wire order.
func (r *PathWatch) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Bool("watch", &r.Watch)
}

// PathOnly is the body of getACL, sync (both ways), getAllChildrenNumber and getEphemerals, and of
// the reply to create.
type PathOnly struct {
	Path []byte
}

// Fields names the fields in wire order.
func (r *PathOnly) Fields(c *Coder) { c.Text("path", &r.Path) }

// PathBuffer is the body of deleteContainer, whose path travels as a buffer.
type PathBuffer struct {
	Path []byte
}

// Fields names the fields in wire order.
func (r *PathBuffer) Fields(c *Coder) { c.Buffer("path", &r.Path) }

// SetDataRequest is the body of setData.
type SetDataRequest struct {
	Path    []byte
	Data    []byte
	Version int32 // the version the node must have; -1: any
}

// Fields names the fields in wire order.
func (r *SetDataRequest) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Buffer("data", &r.Data)
	c.Int("version", &r.Version)
}

// SetACLRequest is the body of setACL.
type SetACLRequest struct {
	Path    []byte
	ACL     []ACL
	Version int32 // the aversion the node must have; -1: any
}

// Fields names the fields in wire order.
func (r *SetACLRequest) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.ACLs("acl", &r.ACL)
	c.Int("version", &r.Version)
}

// ReconfigRequest is the body of reconfig (3.5): either joining and leaving, or newMembers.
type ReconfigRequest struct {
	JoiningServers []byte
	LeavingServers []byte
	NewMembers     []byte
	CurConfigID    int64 // the config version it applies to; -1: any
}

// Fields names the fields in wire order.
func (r *ReconfigRequest) Fields(c *Coder) {
	c.Text("joiningServers", &r.JoiningServers)
	c.Text("leavingServers", &r.LeavingServers)
	c.Text("newMembers", &r.NewMembers)
	c.Long("curConfigId", &r.CurConfigID)
}

// LearnerRequest is a client's write or sync on its way from a learner to the leader, the data of
// REQUEST (see jute/ensemble). Body is what the client sent behind its header, unread.
type LearnerRequest struct {
	Session SessionID
	Cxid    int32 // the client's xid; 0 when the learner asks for a session
	Type    OpCode
	Body    []byte // the record of Type, up to the packet's end; nil when there is none
	IDs     []ID   // who asks, the packet's authinfo; null when the learner itself asks
}

// Fields names the fields in wire order. IDs are the packet's. A Visitor is shown the record of the
// body instead of its bytes, if that decodes.
func (r *LearnerRequest) Fields(c *Coder) {
	c.Session("sessionId", &r.Session)
	c.Int("cxid", &r.Cxid)
	c.Op("type", &r.Type)
	if rec := NewRequest(r.Type); c.mode == visiting && rec != nil {
		if _, err := Decode(r.Body, rec); err == nil {
			c.Nested("body", rec)
			return
		}
	}
	c.Tail("body", &r.Body)
}
