package fault

import (
	"context"
	"io/fs"
	"os"
	"syscall"

	"quoll/client"
)

// Exit codes. They are frozen: scripts test them.
const (
	CodeDone        = 0
	CodeError       = 1
	CodeUsage       = 2
	CodeNoNode      = 3
	CodeConflict    = 4 // NodeExists, BadVersion, NotEmpty
	CodeAuth        = 5
	CodeUnreachable = 6 // not connected, or timed out
	CodeCheck       = 7 // a check failed, or --exit-code and something differs
	CodeNotWon      = 8 // a lock or an election, in --wait
	CodeLost        = 9 // a lock or an election, while the command ran
	CodeInterrupted = 130
	CodePipe        = 141
	CodeTerminated  = 143
)

// kind is what is known of an error.
type kind struct {
	err  error
	code int    // exit code
	zk   int32  // ZooKeeper's code; 0 if it has none
	name string // ZooKeeper's name, or ours
	java string // zkCli's message, %s for the path; "" for that of a KeeperException
}

// kinds has the errors in the order in which they are looked for: an unknown outcome comes together
// with its cause, and is the worse news.
//
// read-only: looked up, never changed.
var kinds = []kind{
	{syscall.EPIPE, CodePipe, 0, "PipeClosed", ""},
	{client.ErrUnknownOutcome, CodeUnreachable, 0, "UnknownOutcome", ""},
	{client.ErrNoNode, CodeNoNode, -101, "NoNode", "Node does not exist: %s"},
	{client.ErrNodeExists, CodeConflict, -110, "NodeExists", "Node already exists: %s"},
	{client.ErrBadVersion, CodeConflict, -103, "BadVersion", "version No is not valid : %s"},
	{client.ErrNotEmpty, CodeConflict, -111, "NotEmpty", "Node not empty: %s"},
	{client.ErrNoAuth, CodeAuth, -102, "NoAuth", "Insufficient permission : %s"},
	{client.ErrAuthFailed, CodeAuth, -115, "AuthFailed", ""},
	{client.ErrInvalidACL, CodeError, -114, "InvalidACL", "Acl is not valid : %s"},
	{client.ErrNoChildrenForEphemerals, CodeError, -108, "NoChildrenForEphemerals",
		"Ephemerals cannot have children: %s"},
	{client.ErrQuotaExceeded, CodeError, -125, "QuotaExceeded", "Quota has exceeded : %s"},
	{client.ErrThrottled, CodeError, -127, "ThrottledOp", ""},
	{client.ErrReadOnly, CodeError, -119, "NotReadOnly", "Not a read-only call: %s"},
	{client.ErrBadArguments, CodeError, -8, "BadArguments", "Arguments are not valid : %s"},
	{client.ErrUnimplemented, CodeError, -6, "Unimplemented", ""},
	{client.ErrSessionMoved, CodeError, -118, "SessionMoved", ""},
	{client.ErrNoWatcher, CodeError, -121, "NoWatcher", ""},
	{client.ErrReconfigInProgress, CodeError, -14, "ReconfigInProgress",
		"Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)"},
	{client.ErrReconfigDisabled, CodeError, -123, "ReconfigDisabled", ""},
	{client.ErrNewConfigNoQuorum, CodeError, -13, "NewConfigNoQuorum",
		"No quorum of new config is connected and up-to-date with the leader of last commmitted" +
			" config - try invoking reconfiguration after new servers are connected and synced"},
	{client.ErrEphemeralOnLocalSession, CodeError, -120, "EphemeralOnLocalSession", ""},
	{client.ErrSessionExpired, CodeUnreachable, -112, "SessionExpired", ""},
	{client.ErrConnectionLoss, CodeUnreachable, -4, "ConnectionLoss", ""},
	{client.ErrInvalidPath, CodeUsage, 0, "InvalidPath", "Path is not valid : %s"},
	{client.ErrTooLarge, CodeError, 0, "TooLarge", ""},
	{client.ErrProtocol, CodeError, 0, "Protocol", ""},
	{client.ErrClosed, CodeUnreachable, 0, "Closed", ""},
	{context.DeadlineExceeded, CodeUnreachable, -7, "Timeout", ""},
	{os.ErrDeadlineExceeded, CodeUnreachable, -7, "Timeout", ""},
	{context.Canceled, CodeInterrupted, 0, "Interrupted", ""},
	{fs.ErrNotExist, CodeError, 0, "NoFile", ""},
}

// hints says what may help, by the error's name and the operation; without an operation it is for
// all of them.
//
// read-only: looked up, never changed.
var hints = map[[2]string]string{
	{"NoNode", "create2"}:      "-p makes the missing nodes above it",
	{"NotEmpty", "delete"}:     "rmr deletes a node and all below it",
	{"BadVersion", ""}:         "the node has changed meanwhile: read it again",
	{"NoAuth", ""}:             "--auth-file, or auth in the shell, adds an identity",
	{"Timeout", "connect"}:     "is a server there? --server, or ZK_SERVERS, says where",
	{"Unimplemented", ""}:      "the server is too old, or the operation is switched off there",
	{"UnknownOutcome", ""}:     "it may have happened or not: look before you try again",
	{"ReconfigDisabled", ""}:   "reconfigEnabled=true in the servers' zoo.cfg allows it",
	{"TooLarge", ""}:           "servers refuse requests above jute.maxbuffer, 1 MiB",
	{"InvalidPath", ""}:        "a path begins with /, and has no empty part, no . and no .. in it",
	{"NotReadOnly", ""}:        "the server has no quorum; --read-only had allowed it",
	{"QuotaExceeded", ""}:      "quota get shows the limits of the nodes above it",
	{"InvalidACL", ""}:         "an ACL is scheme:id:perms, such as world:anyone:cdrwa",
	{"ConnectionLoss", ""}:     "the server has gone away: it may be worth another try",
	{"ReconfigInProgress", ""}: "wait until it is done",
}
