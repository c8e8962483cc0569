package admin

import (
	"strings"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/op"
)

const (
	success = "success"
	failure = "failure"
)

// auditLine makes the lines of one transaction. A line has key=value pairs with tabs between them;
// keys without a value are left out (AuditEvent).
//
//	session=0x1	user=bob	ip=10.0.0.1	operation=create	znode=/a	result=success
type auditLine struct {
	text []byte
	user string // name of the user that runs the server
}

// fields are declared in the order in which they are printed. Empty fields are left out.
type fields struct {
	session, user, ip, operation, znode, kind, acl string
}

func (l *auditLine) begin(user string) { l.text, l.user = l.text[:0], user }

func (l *auditLine) add(f fields, result string) {
	for _, field := range [...]struct{ key, value string }{
		{"session=", f.session}, {"user=", f.user}, {"ip=", f.ip}, {"operation=", f.operation},
		{"znode=", f.znode}, {"znode_type=", f.kind}, {"acl=", f.acl},
	} {
		if field.value != "" {
			l.text = append(l.text, field.key...)
			l.value(field.value)
			l.text = append(l.text, '\t')
		}
	}
	l.text = append(append(append(l.text, "result="...), result...), '\n')
}

// value appends text that a client chose. It replaces control characters: the text of a refused
// request can have tabs and line ends, which would forge a field or a line.
func (l *auditLine) value(s string) {
	from := len(l.text)
	l.text = append(l.text, s...)
	for i, b := range l.text[from:] {
		if b < ' ' || b == 0x7f {
			l.text[from+i] = '?'
		}
	}
}

// operations makes the lines of a transaction. As in Apache, transactions of the server itself get
// no line, except for the ephemerals of a session that ended.
func (l *auditLine) operations(r *mail.Request, e *jute.Entry, result *datatree.Result) {
	if e.Header.Type == jute.OpCloseSession {
		l.ephemerals(e)
		return
	}
	if r == nil {
		return
	}
	f := fields{
		session: r.Session.String(), user: users(r.Identity),
		ip: javaAddress(r.Conn.Peer.Addr()),
	}
	failed := e.Header.Type == jute.OpError
	if r.Type == jute.OpMulti && !failed {
		l.multi(f, r, result)
		return
	}
	if !f.describe(r, failed, result) {
		return
	}
	outcome := success
	if failed || result.Err != jute.OK {
		outcome = failure
	}
	l.add(f, outcome)
}

// describe fills in the operation and its node. It returns false if the operation is not audited.
func (f *fields) describe(r *mail.Request, failed bool, result *datatree.Result) bool {
	f.operation = op.Of(r.Type).Audit
	if f.operation == "" {
		return false
	}
	var path []byte
	c := jute.Decoder(r.Body)
	switch in := op.Of(r.Type).Record().(type) {
	case *jute.CreateRequest, *jute.CreateTTLRequest:
		var create jute.CreateRequest
		create.Fields(&c)
		f.kind, path = modeName(create.Flags), create.Path
		if f.kind == "" {
			return false
		}
	case *jute.SetACLRequest:
		in.Fields(&c)
		f.acl, path = aclText(in.ACL), in.Path
	case *jute.PathVersion, *jute.PathBuffer, *jute.SetDataRequest:
		var first jute.PathOnly // the path is the first field of each
		first.Fields(&c)
		path = first.Path
	default: // the operation has more than one node
		return true
	}
	if !failed && len(result.Path) > 0 {
		path = result.Path // for a sequential node it has the number
	}
	f.znode = string(path)
	return !c.Failed()
}

// multi makes a line for each operation of a multi that changed something. If one failed, it makes
// one line for all.
func (l *auditLine) multi(f fields, r *mail.Request, result *datatree.Result) {
	modes := createModes(r.Body)
	failed := false
	for i := range result.Multi {
		did := &result.Multi[i]
		failed = failed || did.Type == jute.OpError
		sub := f
		sub.znode, sub.operation = string(did.Path), op.Of(did.Type).Audit
		if sub.operation == "create" {
			sub.kind = modes[sub.znode]
		}
		if sub.operation != "" {
			l.add(sub, success)
		}
	}
	if failed {
		f.operation = op.Of(jute.OpMulti).Audit
		l.add(f, failure)
	}
}

// createModes returns the types of the nodes that a multi creates, by the paths in the request. As
// in Apache, the type of a sequential node is not found by its final path, and nodes with a time to
// live are left out.
func createModes(body []byte) map[string]string {
	var in jute.MultiRequest
	c := jute.Decoder(body)
	in.Fields(&c)
	modes := make(map[string]string)
	for _, op := range in.Ops {
		if op.Create != nil && op.Type != jute.OpCreateTTL {
			modes[string(op.Create.Path)] = modeName(op.Create.Flags)
		}
	}
	return modes
}

// ephemerals makes a line for each ephemeral node that was deleted with a session. With
// closeSessionTxn.enabled=false the transaction does not name the nodes, so there is no line.
func (l *auditLine) ephemerals(e *jute.Entry) {
	var txn jute.CloseSessionTxn
	c := jute.Decoder(e.Body)
	txn.Fields(&c)
	if c.Failed() {
		return
	}
	for _, path := range txn.Paths2Delete {
		l.add(fields{
			session: e.Header.ClientID.String(), user: l.user,
			operation: "ephemeralZNodeDeletionOnSessionCloseOrExpire", znode: string(path),
		}, success)
	}
}

// users returns the names of the users that a connection has authenticated as, without passwords.
func users(identity *auth.Identity) string {
	var names []string
	for _, id := range identity.IDs() {
		switch id.Scheme {
		case "digest":
			name, _, _ := strings.Cut(id.ID, ":")
			names = append(names, name)
		case "super": // no provider gives the super user a name
		default:
			names = append(names, id.ID)
		}
	}
	return strings.Join(names, ",")
}

func modeName(m jute.CreateMode) string {
	switch m {
	case jute.ModePersistent:
		return "persistent"
	case jute.ModeEphemeral:
		return "ephemeral"
	case jute.ModePersistentSequential:
		return "persistent_sequential"
	case jute.ModeEphemeralSequential:
		return "ephemeral_sequential"
	case jute.ModeContainer:
		return "container"
	case jute.ModePersistentTTL:
		return "persistent_with_ttl"
	case jute.ModePersistentSequentialTTL:
		return "persistent_sequential_with_ttl"
	}
	return ""
}

// aclText is ZKUtil.aclToString, which puts no separator between two entries.
func aclText(acl []jute.ACL) string {
	var b strings.Builder
	for _, entry := range acl {
		b.WriteString(entry.ID.Scheme + ":" + entry.ID.ID + ":")
		for _, perm := range [...]struct {
			bit    jute.Perms
			letter byte
		}{
			{jute.PermCreate, 'c'}, {jute.PermDelete, 'd'}, {jute.PermRead, 'r'},
			{jute.PermWrite, 'w'}, {jute.PermAdmin, 'a'},
		} {
			if entry.Perms&perm.bit != 0 {
				b.WriteByte(perm.letter)
			}
		}
	}
	return b.String()
}
