package history

import (
	"time"

	"quoll/jute"
)

// Kind is what a request does.
type Kind uint8

// The kinds.
const (
	Create  Kind = iota // of a node whose data is unique
	Set                 // of a counter, by its only writer
	Delete              // by the node's maker
	Get                 // of the data, with or without a watch
	List                // of the children, with or without a watch
	Watches             // setWatches: those of an older connection are set again
	Other               // ping, sync, closeSession: their header counts
)

// Outcome is what is known of a request.
type Outcome uint8

// The outcomes.
const (
	Unknown Outcome = iota // no answer: it happened once, or not at all
	OK
	Refused // answered with Code
)

// Op is one request.
type Op struct {
	Kind      Kind
	Server    int // the member's id
	Exact     bool
	Path      string // for a sequential create the path asked for
	Made      string // Create: the path of the node
	Ephemeral bool
	Value     string // written; Get: shown
	Watch     bool
	Sent      time.Duration // since the beginning of the load
	Done      time.Duration // of the answer
	Outcome   Outcome
	Code      jute.ErrorCode // Refused
	Zxid      jute.Zxid      // of the answer's header
	Stat      jute.Stat      // of the answer, if it has one
	Conn      int            // which connection of the session, from 0
	Reply     int            // place among the answers of the connection, if there is one
	Paths     []string       // Watches: those set again, data watches
	ChildOf   []string       // Watches: child watches
}

// Event is one that a watch told.
type Event struct {
	Type  jute.EventType
	Path  string
	Zxid  jute.Zxid // of the change; -1: not told
	Conn  int
	Reply int // of the first answer behind it
}

// End is how a session ended.
type End uint8

// The ends.
const (
	Living    End = iota
	Closed        // by the client's will
	Closing       // the client asked for it and was not answered
	Abandoned     // the client left without a word
	Lost          // a server said that it had expired
)

// Session is what one session did and saw.
type Session struct {
	Client int
	ID     jute.SessionID
	End    End
	Ops    []*Op // as sent
	Events []Event
}

// Node is one of the tree, afterwards.
type Node struct {
	Value string
	Stat  jute.Stat
}

// Txn is one change of one node in the log. A multi is several.
type Txn struct {
	Zxid    jute.Zxid
	Session jute.SessionID
	Kind    Kind
	Path    string
	Value   string
}

// History is everything that is judged together.
type History struct {
	Sessions []*Session
	Root     string          // of all paths
	Tree     map[string]Node // below Root
	Log      []Txn           // below Root, by zxid
}
