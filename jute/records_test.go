package jute_test

import (
	"sort"
	"strings"
	"testing"

	"quoll/jute"
	"quoll/jute/internal/recordtest"
)

var records = recordtest.Family{
	Records: []jute.Record{
		&jute.ACL{}, &jute.ACLStat{}, &jute.AddWatchRequest{}, &jute.AuthPacket{},
		&jute.ClientInfo{}, &jute.CloseSessionTxn{}, &jute.ConnectRequest{HasReadOnly: true},
		&jute.ConnectResponse{HasReadOnly: true}, &jute.CreateContainerTxn{},
		&jute.CreateRequest{}, &jute.CreateSessionTxn{}, &jute.CreateTTLRequest{},
		&jute.CreateTTLTxn{}, &jute.CreateTxn{}, &jute.DataStat{}, &jute.ErrorResponse{},
		&jute.FileHeader{}, &jute.ID{}, &jute.LearnerRequest{}, &jute.MultiHeader{},
		&jute.MultiRequest{}, &jute.MultiResponse{}, &jute.MultiTxn{}, &jute.Names{},
		&jute.NamesStat{}, &jute.PathBuffer{}, &jute.PathOnly{}, &jute.PathStat{},
		&jute.PathVersion{}, &jute.PathWatch{}, &jute.PathWatcher{}, &jute.ReconfigRequest{},
		&jute.ReplyHeader{}, &jute.RequestHeader{}, &jute.SASLToken{}, &jute.SessionTimeout{},
		&jute.SetACLRequest{},
		&jute.SetDataRequest{}, &jute.SetWatches{}, &jute.SetWatches{Two: true}, &jute.Stat{},
		&jute.StatPersisted{}, &jute.TotalNumber{}, &jute.Txn{}, &jute.TxnDigest{},
		&jute.TxnHeader{}, &jute.WatcherEvent{}, &jute.WhoAmIResponse{},
	},
	OffWire: map[string]bool{
		"ConnectRequest.HasReadOnly": true, "ConnectResponse.HasReadOnly": true,
		"SetWatches.Two": true, "CloseSessionTxn.Empty": true, "LearnerRequest.IDs": true,
	},
	Union: func(r jute.Record) bool {
		switch r.(type) {
		case *jute.MultiRequest, *jute.MultiResponse:
			return true
		}
		return false
	},
	Filled: func(r jute.Record, leaves []string) []string {
		if s, ok := r.(*jute.SetWatches); ok && !s.Two {
			s.Persistent, s.PersistentRecursive = nil, nil
			return leaves[:1+3*2]
		}
		return leaves
	},
	MayEnd: func(r jute.Record, wire []byte, cut int) bool {
		switch r.(type) {
		case *jute.ConnectRequest, *jute.ConnectResponse:
			return cut == len(wire)-1
		case *jute.CreateTxn:
			return cut == len(wire)-4
		case *jute.CloseSessionTxn:
			return cut == 0
		case *jute.LearnerRequest:
			return cut >= 16
		}
		return false
	},
}

// byName has the records of Apache's files: a SetWatches has two layouts and a name for each.
func byName() map[string]jute.Record {
	all := records.ByName()
	all["SetWatches"] = &jute.SetWatches{}
	all["SetWatches2"] = &jute.SetWatches{Two: true}
	return all
}

func TestRecordsAreAllListed(t *testing.T) { records.Listed(t) }

func TestFieldsAreVisitedInOrder(t *testing.T) { records.VisitedInOrder(t) }

func TestRoundTrip(t *testing.T) { records.RoundTrips(t, multis()...) }

func multis() []jute.Record {
	head := func(op jute.OpCode) jute.MultiHeader { return jute.MultiHeader{Type: op, Err: -1} }
	create := jute.CreateRequest{Path: []byte("/a"), ACL: []jute.ACL{}, Flags: 1}
	stat := jute.Stat{Czxid: 1, Pzxid: 2}
	return []jute.Record{
		&jute.MultiRequest{}, &jute.MultiResponse{},
		&jute.MultiRequest{Ops: []jute.MultiOp{
			{
				MultiHeader: head(jute.OpCreate),
				Create:      &jute.CreateTTLRequest{CreateRequest: create},
			},
			{
				MultiHeader: head(jute.OpCreateTTL),
				Create:      &jute.CreateTTLRequest{CreateRequest: create, TTL: 7},
			},
			{MultiHeader: head(jute.OpCheck), Path: &jute.PathVersion{Path: []byte("/b")}},
			{MultiHeader: head(jute.OpSetData), Set: &jute.SetDataRequest{Version: 3}},
			{MultiHeader: head(jute.OpGetData), Read: &jute.PathWatch{Watch: true}},
		}},
		&jute.MultiResponse{Results: []jute.MultiResult{
			{
				MultiHeader: head(jute.OpCreate),
				Path:        &jute.PathOnly{Path: []byte("/a")},
			},
			{MultiHeader: head(jute.OpCreate2), PathStat: &jute.PathStat{Stat: stat}},
			{MultiHeader: head(jute.OpDelete)},
			{MultiHeader: head(jute.OpSetData), DataStat: &jute.DataStat{Stat: stat}},
			{MultiHeader: head(jute.OpGetData), DataStat: &jute.DataStat{Data: []byte{1}}},
			{MultiHeader: head(jute.OpGetChildren), Names: &jute.Names{Names: [][]byte{}}},
			{
				MultiHeader: head(jute.OpError),
				Error:       jute.ErrorResponse{Err: jute.NoNode},
			},
		}},
	}
}

func TestRequestAndReplyKindsCoverTheOpcodes(t *testing.T) {
	bare := map[jute.OpCode]bool{jute.OpPing: true, jute.OpWhoAmI: true, jute.OpCloseSession: true}
	quiet := map[jute.OpCode]bool{
		jute.OpPing: true, jute.OpDelete: true, jute.OpCloseSession: true, jute.OpAuth: true,
		jute.OpSetWatches: true, jute.OpSetWatches2: true, jute.OpCheckWatches: true,
		jute.OpRemoveWatches: true, jute.OpDeleteContainer: true, jute.OpCreateSession: true,
		jute.OpCheck: true,
	}
	var unknown []int
	for op := jute.OpCode(-20); op < 200; op++ {
		if strings.HasPrefix(op.String(), "unknown") || op == jute.OpError || op == 0 {
			if jute.NewRequest(op) != nil || jute.NewReply(op) != nil {
				unknown = append(unknown, int(op))
			}
			continue
		}
		if (jute.NewRequest(op) == nil) != bare[op] {
			t.Errorf("%v: request %T", op, jute.NewRequest(op))
		}
		if (jute.NewReply(op) == nil) != quiet[op] {
			t.Errorf("%v: reply %T", op, jute.NewReply(op))
		}
	}
	sort.Ints(unknown)
	if len(unknown) > 0 {
		t.Errorf("records for unknown opcodes %v", unknown)
	}
}
