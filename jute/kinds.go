package jute

// NewRequest makes the record that a request of the type carries behind its header; nil for a
// type without a body, and for one that no client can send.
func NewRequest(op OpCode) Record {
	switch op {
	case OpCreate, OpCreate2, OpCreateContainer:
		return &CreateRequest{}
	case OpCreateTTL:
		return &CreateTTLRequest{}
	case OpDelete, OpCheck:
		return &PathVersion{}
	case OpExists, OpGetData, OpGetChildren, OpGetChildren2:
		return &PathWatch{}
	case OpSetData:
		return &SetDataRequest{}
	case OpGetACL, OpSync, OpGetEphemerals, OpGetAllChildren:
		return &PathOnly{}
	case OpSetACL:
		return &SetACLRequest{}
	case OpMulti, OpMultiRead:
		return &MultiRequest{}
	case OpReconfig:
		return &ReconfigRequest{}
	case OpDeleteContainer:
		return &PathBuffer{}
	case OpCreateSession:
		return &CreateSessionTxn{}
	case OpAuth:
		return &AuthPacket{}
	case OpSASL:
		return &SASLToken{}
	}
	return newWatchRequest(op)
}

func newWatchRequest(op OpCode) Record {
	switch op {
	case OpCheckWatches, OpRemoveWatches:
		return &PathWatcher{}
	case OpSetWatches:
		return &SetWatches{}
	case OpSetWatches2:
		return &SetWatches{Two: true}
	case OpAddWatch:
		return &AddWatchRequest{}
	}
	return nil
}

// NewReply makes the record behind the header of a reply that says OK; nil for a type whose reply
// is its header alone.
func NewReply(op OpCode) Record {
	switch op {
	case OpCreate, OpSync:
		return &PathOnly{}
	case OpCreate2, OpCreateContainer, OpCreateTTL:
		return &PathStat{}
	case OpExists, OpSetData, OpSetACL:
		return &Stat{}
	case OpGetData, OpReconfig:
		return &DataStat{}
	case OpGetACL:
		return &ACLStat{}
	case OpGetChildren, OpGetEphemerals:
		return &Names{}
	case OpGetChildren2:
		return &NamesStat{}
	case OpGetAllChildren:
		return &TotalNumber{}
	case OpMulti, OpMultiRead:
		return &MultiResponse{}
	case OpAddWatch:
		return &ErrorResponse{}
	case OpSASL:
		return &SASLToken{}
	case OpWhoAmI:
		return &WhoAmIResponse{}
	}
	return nil
}
