package jute

import "strconv"

// ErrorCode is the err field of a reply (KeeperException.Code). Clients know only these: Java's
// throws on any other.
type ErrorCode int32

// The codes that a server sends or logs.
const (
	OK                       ErrorCode = 0
	SystemError              ErrorCode = -1
	RuntimeInconsistency     ErrorCode = -2
	DataInconsistency        ErrorCode = -3
	ConnectionLoss           ErrorCode = -4
	MarshallingError         ErrorCode = -5
	Unimplemented            ErrorCode = -6
	OperationTimeout         ErrorCode = -7
	BadArguments             ErrorCode = -8
	UnknownSession           ErrorCode = -12
	NewConfigNoQuorum        ErrorCode = -13
	ReconfigInProgress       ErrorCode = -14
	APIError                 ErrorCode = -100
	NoNode                   ErrorCode = -101
	NoAuth                   ErrorCode = -102
	BadVersion               ErrorCode = -103
	NoChildrenForEphemerals  ErrorCode = -108
	NodeExists               ErrorCode = -110
	NotEmpty                 ErrorCode = -111
	SessionExpired           ErrorCode = -112
	InvalidCallback          ErrorCode = -113
	InvalidACL               ErrorCode = -114
	AuthFailed               ErrorCode = -115
	SessionMoved             ErrorCode = -118
	NotReadOnly              ErrorCode = -119
	EphemeralOnLocalSession  ErrorCode = -120
	NoWatcher                ErrorCode = -121
	RequestTimeout           ErrorCode = -122
	ReconfigDisabled         ErrorCode = -123
	SessionClosedRequireAuth ErrorCode = -124
	QuotaExceeded            ErrorCode = -125
	ThrottledOp              ErrorCode = -127
)

// read-only: looked up, never changed.
var errorNames = map[ErrorCode]string{
	OK: "OK", SystemError: "SYSTEMERROR", RuntimeInconsistency: "RUNTIMEINCONSISTENCY",
	DataInconsistency: "DATAINCONSISTENCY", ConnectionLoss: "CONNECTIONLOSS",
	MarshallingError: "MARSHALLINGERROR", Unimplemented: "UNIMPLEMENTED",
	OperationTimeout: "OPERATIONTIMEOUT", BadArguments: "BADARGUMENTS",
	UnknownSession: "UNKNOWNSESSION", NewConfigNoQuorum: "NEWCONFIGNOQUORUM",
	ReconfigInProgress: "RECONFIGINPROGRESS", APIError: "APIERROR", NoNode: "NONODE",
	NoAuth: "NOAUTH", BadVersion: "BADVERSION",
	NoChildrenForEphemerals: "NOCHILDRENFOREPHEMERALS", NodeExists: "NODEEXISTS",
	NotEmpty: "NOTEMPTY", SessionExpired: "SESSIONEXPIRED", InvalidCallback: "INVALIDCALLBACK",
	InvalidACL: "INVALIDACL", AuthFailed: "AUTHFAILED", SessionMoved: "SESSIONMOVED",
	NotReadOnly: "NOTREADONLY", EphemeralOnLocalSession: "EPHEMERALONLOCALSESSION",
	NoWatcher: "NOWATCHER", RequestTimeout: "REQUESTTIMEOUT",
	ReconfigDisabled:         "RECONFIGDISABLED",
	SessionClosedRequireAuth: "SESSIONCLOSEDREQUIRESASLAUTH",
	QuotaExceeded:            "QUOTAEXCEEDED", ThrottledOp: "THROTTLEDOP",
}

// Error makes a code other than OK usable as a Go error.
func (e ErrorCode) Error() string { return "zookeeper: " + e.String() }

func (e ErrorCode) String() string {
	if s, ok := errorNames[e]; ok {
		return s
	}
	return strconv.Itoa(int(e))
}
