package op

import "quoll/jute"

// Kind says which way a request takes.
type Kind uint8

// The kinds.
const (
	Unknown Kind = iota // nobody may send it
	Write               // becomes a transaction
	Read                // is answered from the tree
	Barrier             // is answered from the tree when all that was committed before is applied
	Inline              // is answered by the lane at once, outside the order: auth, sasl
	Server              // is a transaction that no client may ask for by its opcode
)

// OfClients says whether a client may ask for it by itself, and not only in a multi.
func (k Kind) OfClients() bool { return k != Unknown && k != Server }

// NeedsQuorum says whether a server without a quorum must refuse it, as a read-only server does.
func (k Kind) NeedsQuorum() bool { return k == Write || k == Barrier }

// FromTree says whether the reply is made of what the tree holds.
func (k Kind) FromTree() bool { return k == Read || k == Barrier }

// Weight says what the length of a reply depends on.
type Weight uint8

// The weights.
const (
	Short      Weight = iota // never much more than the request
	ByData                   // a node's data
	ByACL                    // a node's ACL
	ByChildren               // how many children a node has
	ByReads                  // the reads that are in it
	BySession                // what the session has
)

// Pausing says whether the answer may give the tree's lock back on the way: it may be long, and is
// made in pieces.
func (w Weight) Pausing() bool { return w == ByChildren || w == ByReads }

// Row is an operation.
type Row struct {
	Op     jute.OpCode
	Kind   Kind
	Weight Weight
	Stat   string // how cons calls it; "" is NA
	Audit  string // how the audit log calls it; "" is not audited
}

// Of is the row of an opcode. An opcode that has none is of kind Unknown.
func Of(code jute.OpCode) *Row {
	if r := byCode.Of(code); r != nil {
		return r
	}
	return &unknown
}

// Rows is the whole table. The caller must not change it.
func Rows() []Row { return rows[:] }

// StatName is how cons calls the operation, in ZooKeeper's letters.
func (r *Row) StatName() string {
	if r.Stat == "" {
		return "NA"
	}
	return r.Stat
}

// Record is room for the request's body; nil where a request has none.
func (r *Row) Record() jute.Record { return jute.NewRequest(r.Op) }

// rows is the table.
//
// Apache takes createSession and deleteContainer, which exist for servers, from a client socket. A
// createSession from a client is refused here like any unknown code; a deleteContainer is taken
// from a client who may delete the node (docs/decisions/0001-server-opcodes.md). A check is legal
// in a multi only.
//
// read-only: a table.
var rows = [...]Row{
	{jute.OpCreate, Write, Short, "CREA", "create"},
	{jute.OpCreate2, Write, Short, "CREA", "create"},
	{jute.OpCreateContainer, Write, Short, "CREA", "create"},
	{jute.OpCreateTTL, Write, Short, "CREA", "create"},
	{jute.OpDelete, Write, Short, "DELE", "delete"},
	{jute.OpDeleteContainer, Write, Short, "DELE", "delete"},
	{jute.OpSetData, Write, Short, "SETD", "setData"},
	{jute.OpSetACL, Write, Short, "SETA", "setAcl"},
	{jute.OpMulti, Write, Short, "MULT", "multiOperation"},
	{jute.OpReconfig, Write, Short, "RECO", "reconfig"},
	{jute.OpCloseSession, Write, Short, "CLOS", ""},

	{jute.OpExists, Read, Short, "EXIS", ""},
	{jute.OpGetData, Read, ByData, "GETD", ""},
	{jute.OpGetACL, Read, ByACL, "GETA", ""},
	{jute.OpGetChildren, Read, ByChildren, "GETC", ""},
	{jute.OpGetChildren2, Read, ByChildren, "GETC", ""},
	{jute.OpGetAllChildren, Read, Short, "GETACN", ""},
	{jute.OpGetEphemerals, Read, BySession, "GETE", ""},
	{jute.OpMultiRead, Read, ByReads, "MLTR", ""},
	{jute.OpPing, Read, Short, "PING", ""},
	{jute.OpCheckWatches, Read, Short, "CHKW", ""},
	{jute.OpRemoveWatches, Read, Short, "REMW", ""},
	{jute.OpAddWatch, Read, Short, "ADDW", ""},
	{jute.OpSetWatches, Read, Short, "SETW", ""},
	{jute.OpSetWatches2, Read, Short, "STW2", ""},
	{jute.OpWhoAmI, Read, BySession, "HOMI", ""},
	{jute.OpSync, Barrier, Short, "SYNC", ""},

	{jute.OpAuth, Inline, Short, "", ""},
	{jute.OpSASL, Inline, Short, "", ""},

	{jute.OpCreateSession, Server, Short, "SESS", ""},
	{jute.OpError, Server, Short, "", ""},
	{jute.OpCheck, Unknown, Short, "CHEC", ""},
}

// unknown is the row of every opcode that has none.
//
// read-only: a table.
var unknown = Row{}

// There is room for the opcodes from lowest to highest.
const (
	lowest  = -16
	highest = 127
)

// byCode is the rows by opcode.
//
// read-only: a table.
var byCode = index()

func index() Table[*Row] {
	at := make(map[jute.OpCode]*Row, len(rows))
	for i := range rows {
		at[rows[i].Op] = &rows[i]
	}
	return TableOf(at)
}

// Table is what a room has for each operation, mostly a function.
type Table[F any] struct{ by [highest - lowest + 1]F }

// TableOf makes a table of what a room has.
func TableOf[F any](entries map[jute.OpCode]F) (t Table[F]) {
	for code, f := range entries { // order-free: each entry has its own place
		t.by[int(code)-lowest] = f
	}
	return t
}

// Of is what the room has for an opcode; the zero value where it has nothing.
func (t *Table[F]) Of(code jute.OpCode) (f F) {
	if i := int(code) - lowest; i >= 0 && i < len(t.by) {
		return t.by[i]
	}
	return f
}
