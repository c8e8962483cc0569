package jute

// ConnectRequest is the first frame of a connection. It has no request header.
//
// Three layouts are in use: 44 bytes without ReadOnly (clients up to 3.3, go-zookeeper, node),
// 45 bytes with it, and with bytes behind it that are ignored.
type ConnectRequest struct {
	ProtocolVersion int32     // 0
	LastZxidSeen    Zxid      // a server that is behind it must refuse
	TimeOut         int32     // wanted session timeout, ms
	SessionID       SessionID // 0 asks for a new session
	Passwd          []byte    // 16 bytes, of the session to resume
	ReadOnly        bool      // the client takes a read-only server
	HasReadOnly     bool      // whether the optional byte was sent
}

// Fields names the fields in wire order.
func (r *ConnectRequest) Fields(c *Coder) {
	c.Int("protocolVersion", &r.ProtocolVersion)
	c.Zxid("lastZxidSeen", &r.LastZxidSeen)
	c.Int("timeOut", &r.TimeOut)
	c.Session("sessionId", &r.SessionID)
	c.Buffer("passwd", &r.Passwd)
	c.optionalBool("readOnly", &r.ReadOnly, &r.HasReadOnly)
}

// ConnectResponse answers a ConnectRequest, with no reply header. A TimeOut of 0 says that the
// session does not exist any more.
type ConnectResponse struct {
	ProtocolVersion int32     // 0
	TimeOut         int32     // negotiated session timeout, ms
	SessionID       SessionID // 0 when refused
	Passwd          []byte    // 16 bytes
	ReadOnly        bool      // this server is read-only
	HasReadOnly     bool      // sent only to a client that sent its own (ZOOKEEPER-4814)
}

// Fields names the fields in wire order.
func (r *ConnectResponse) Fields(c *Coder) {
	c.Int("protocolVersion", &r.ProtocolVersion)
	c.Int("timeOut", &r.TimeOut)
	c.Session("sessionId", &r.SessionID)
	c.Buffer("passwd", &r.Passwd)
	c.optionalBool("readOnly", &r.ReadOnly, &r.HasReadOnly)
}

// optionalBool is a bool that may be missing at the end of a record.
func (c *Coder) optionalBool(name string, v, has *bool) {
	if c.mode == decoding {
		if c.failed {
			return
		}
		*has = c.off < len(c.buf)
	}
	if *has {
		c.Bool(name, v)
	}
}

// RequestHeader begins every frame of a client after the first.
type RequestHeader struct {
	Xid  int32 // the client's number for the request (cxid); the reply repeats it
	Type OpCode
}

// RequestHeaderBytes is the size of an encoded RequestHeader.
const RequestHeaderBytes = 8

// Fields names the fields in wire order.
func (r *RequestHeader) Fields(c *Coder) {
	c.Int("xid", &r.Xid)
	c.Op("type", &r.Type)
}

// ReplyHeader begins every frame of the server after the first.
type ReplyHeader struct {
	Xid  int32
	Zxid Zxid // the write's own, or the last one applied where a read was answered
	Err  ErrorCode
}

// ReplyHeaderBytes is the size of an encoded ReplyHeader.
const ReplyHeaderBytes = 16

// Fields names the fields in wire order.
func (r *ReplyHeader) Fields(c *Coder) {
	c.Int("xid", &r.Xid)
	c.Zxid("zxid", &r.Zxid)
	c.ErrorCode("err", &r.Err)
}

// The xids that are not a client's own count.
const (
	XidNotification int32 = -1
	XidPing         int32 = -2
	XidAuth         int32 = -4
	XidSetWatches   int32 = -8
)

// AuthPacket adds an identity to a connection.
type AuthPacket struct {
	Type   int32 // 0, not looked at
	Scheme []byte
	Auth   []byte // what the scheme takes as proof; "user:password" for digest
}

// Fields names the fields in wire order.
func (r *AuthPacket) Fields(c *Coder) {
	c.Int("type", &r.Type)
	c.Text("scheme", &r.Scheme)
	c.Buffer("auth", &r.Auth)
}

// SASLToken is the body of a sasl request and of its reply (GetSASLRequest, SetSASLResponse).
type SASLToken struct {
	Token []byte
}

// Fields names the fields in wire order.
func (r *SASLToken) Fields(c *Coder) { c.Buffer("token", &r.Token) }

// SessionTimeout is the data of a learner's REVALIDATE, which asks whether a session still lives.
// In the data of a PING it is one session that was heard (see jute/ensemble).
type SessionTimeout struct {
	Session SessionID
	TimeOut int32 // ms
}

// SessionTimeoutBytes is the size of an encoded SessionTimeout.
const SessionTimeoutBytes = 12

// Fields names the fields in wire order.
func (r *SessionTimeout) Fields(c *Coder) {
	c.Session("sessionId", &r.Session)
	c.Int("timeOut", &r.TimeOut)
}
