package jute

// PathStat is the reply to create2, createContainer and createTTL.
type PathStat struct {
	Path []byte
	Stat Stat
}

// Fields names the fields in wire order.
func (r *PathStat) Fields(c *Coder) {
	c.Text("path", &r.Path)
	c.Nested("stat", &r.Stat)
}

// DataStat is the reply to getData and to reconfig.
type DataStat struct {
	Data []byte
	Stat Stat
}

// Fields names the fields in wire order.
func (r *DataStat) Fields(c *Coder) {
	c.Buffer("data", &r.Data)
	c.Nested("stat", &r.Stat)
}

// ACLStat is the reply to getACL.
type ACLStat struct {
	ACL  []ACL
	Stat Stat
}

// Fields names the fields in wire order.
func (r *ACLStat) Fields(c *Coder) {
	c.ACLs("acl", &r.ACL)
	c.Nested("stat", &r.Stat)
}

// Names is the reply to getChildren and to getEphemerals.
type Names struct {
	Names [][]byte
}

// Fields names the fields in wire order.
func (r *Names) Fields(c *Coder) { c.Texts("names", &r.Names) }

// NamesStat is the reply to getChildren2.
type NamesStat struct {
	Names [][]byte
	Stat  Stat
}

// Fields names the fields in wire order.
func (r *NamesStat) Fields(c *Coder) {
	c.Texts("children", &r.Names)
	c.Nested("stat", &r.Stat)
}

// TotalNumber is the reply to getAllChildrenNumber.
type TotalNumber struct {
	TotalNumber int32
}

// Fields names the fields in wire order.
func (r *TotalNumber) Fields(c *Coder) { c.Int("totalNumber", &r.TotalNumber) }

// ErrorResponse is the reply to addWatch, and an operation that did not happen in the reply to
// multi.
type ErrorResponse struct {
	Err ErrorCode
}

// Fields names the fields in wire order.
func (r *ErrorResponse) Fields(c *Coder) { c.ErrorCode("err", &r.Err) }

// WhoAmIResponse is the reply to whoAmI (3.7).
type WhoAmIResponse struct {
	ClientInfo []ClientInfo
}

// Fields names the fields in wire order.
func (r *WhoAmIResponse) Fields(c *Coder) { vector(c, "clientInfo", &r.ClientInfo, 8) }
