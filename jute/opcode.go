package jute

import "strconv"

// OpCode is the type of a request, and of most transactions (ZooDefs.OpCode).
type OpCode int32

// The operations. Those without a comment are requests of clients and carry a record named after
// them.
const (
	OpNotification    OpCode = 0 // never a request: rejected like an unknown code
	OpCreate          OpCode = 1
	OpDelete          OpCode = 2
	OpExists          OpCode = 3
	OpGetData         OpCode = 4
	OpSetData         OpCode = 5
	OpGetACL          OpCode = 6
	OpSetACL          OpCode = 7
	OpGetChildren     OpCode = 8
	OpSync            OpCode = 9
	OpPing            OpCode = 11
	OpGetChildren2    OpCode = 12
	OpCheck           OpCode = 13 // legal inside multi only (ZOOKEEPER-2623)
	OpMulti           OpCode = 14
	OpCreate2         OpCode = 15
	OpReconfig        OpCode = 16
	OpCheckWatches    OpCode = 17
	OpRemoveWatches   OpCode = 18
	OpCreateContainer OpCode = 19
	OpDeleteContainer OpCode = 20 // the server's own reaper
	OpCreateTTL       OpCode = 21
	OpMultiRead       OpCode = 22
	OpAuth            OpCode = 100
	OpSetWatches      OpCode = 101
	OpSASL            OpCode = 102
	OpGetEphemerals   OpCode = 103
	OpGetAllChildren  OpCode = 104 // getAllChildrenNumber
	OpSetWatches2     OpCode = 105
	OpAddWatch        OpCode = 106
	OpWhoAmI          OpCode = 107
	OpCreateSession   OpCode = -10 // a connect request, and its transaction
	OpCloseSession    OpCode = -11
	OpError           OpCode = -1 // the transaction of a refused write; the end of a multi
)

// opNames has the names that Request.op2String gives.
//
// read-only: looked up, never changed.
var opNames = map[OpCode]string{
	OpNotification: "notification", OpCreate: "create", OpDelete: "delete", OpExists: "exists",
	OpGetData: "getData", OpSetData: "setData", OpGetACL: "getACL", OpSetACL: "setACL",
	OpGetChildren: "getChildren", OpSync: "sync", OpPing: "ping", OpGetChildren2: "getChildren2",
	OpCheck: "check", OpMulti: "multi", OpCreate2: "create2", OpReconfig: "reconfig",
	OpCheckWatches: "checkWatches", OpRemoveWatches: "removeWatches",
	OpCreateContainer: "createContainer", OpDeleteContainer: "deleteContainer",
	OpCreateTTL: "createTtl", OpMultiRead: "multiRead", OpAuth: "auth",
	OpSetWatches: "setWatches", OpSASL: "sasl", OpGetEphemerals: "getEphemerals",
	OpGetAllChildren: "getAllChildrenNumber", OpSetWatches2: "setWatches2",
	OpAddWatch: "addWatch", OpWhoAmI: "whoAmI", OpCreateSession: "createSession",
	OpCloseSession: "closeSession", OpError: "error",
}

func (op OpCode) String() string {
	if s, ok := opNames[op]; ok {
		return s
	}
	return "unknown " + strconv.Itoa(int(op))
}

// CreateMode is the flags field of a create request (org.apache.zookeeper.CreateMode).
type CreateMode int32

// The create modes.
const (
	ModePersistent              CreateMode = 0
	ModeEphemeral               CreateMode = 1
	ModePersistentSequential    CreateMode = 2
	ModeEphemeralSequential     CreateMode = 3
	ModeContainer               CreateMode = 4
	ModePersistentTTL           CreateMode = 5
	ModePersistentSequentialTTL CreateMode = 6
)

// Valid says whether the mode exists.
func (m CreateMode) Valid() bool { return m >= ModePersistent && m <= ModePersistentSequentialTTL }

// Ephemeral says whether the node is deleted with its session.
func (m CreateMode) Ephemeral() bool { return m == ModeEphemeral || m == ModeEphemeralSequential }

// Sequential says whether the node gets its parent's create counter at the end of its name.
func (m CreateMode) Sequential() bool {
	return m == ModePersistentSequential || m == ModeEphemeralSequential ||
		m == ModePersistentSequentialTTL
}

// TTL says whether the node is deleted when it had no child and no change for its time to live.
func (m CreateMode) TTL() bool {
	return m == ModePersistentTTL || m == ModePersistentSequentialTTL
}

// Perms is the bit set of an ACL entry (ZooDefs.Perms).
type Perms int32

// The permissions.
const (
	PermRead   Perms = 1
	PermWrite  Perms = 2
	PermCreate Perms = 4
	PermDelete Perms = 8
	PermAdmin  Perms = 16
	PermAll    Perms = 31
)
