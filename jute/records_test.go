package jute_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"quoll/jute"
)

// records has one of each. TestRecordsAreAllListed keeps it complete.
func records() []jute.Record {
	return []jute.Record{
		&jute.ACL{}, &jute.ACLStat{}, &jute.Activation{}, &jute.AddWatchRequest{},
		&jute.AuthPacket{}, &jute.CurrentEpoch{}, &jute.Hello{}, &jute.LearnerInfo{},
		&jute.LearnerRequest{}, &jute.Notification{}, &jute.ProtocolVersion{},
		&jute.QuorumAuthPacket{}, &jute.QuorumPacket{}, &jute.Revalidated{},
		&jute.SessionTimeout{}, &jute.Touches{},
		&jute.ClientInfo{}, &jute.CloseSessionTxn{}, &jute.ConnectRequest{HasReadOnly: true},
		&jute.ConnectResponse{HasReadOnly: true}, &jute.CreateContainerTxn{},
		&jute.CreateRequest{}, &jute.CreateSessionTxn{}, &jute.CreateTTLRequest{},
		&jute.CreateTTLTxn{}, &jute.CreateTxn{}, &jute.DataStat{}, &jute.ErrorResponse{},
		&jute.FileHeader{}, &jute.ID{}, &jute.MultiHeader{}, &jute.MultiRequest{},
		&jute.MultiResponse{}, &jute.MultiTxn{}, &jute.Names{}, &jute.NamesStat{},
		&jute.PathBuffer{}, &jute.PathOnly{}, &jute.PathStat{}, &jute.PathVersion{},
		&jute.PathWatch{}, &jute.PathWatcher{}, &jute.ReconfigRequest{}, &jute.ReplyHeader{},
		&jute.RequestHeader{}, &jute.SASLToken{}, &jute.SetACLRequest{},
		&jute.SetDataRequest{}, &jute.SetWatches{}, &jute.SetWatches{Two: true}, &jute.Stat{},
		&jute.StatPersisted{}, &jute.TotalNumber{}, &jute.Txn{}, &jute.TxnDigest{},
		&jute.TxnHeader{}, &jute.WatcherEvent{}, &jute.WhoAmIResponse{},
	}
}

// offWire are the exported fields that say what the wire looks like and do not travel.
var offWire = map[string]bool{ // read-only: a table
	"ConnectRequest.HasReadOnly": true, "ConnectResponse.HasReadOnly": true,
	"SetWatches.Two": true, "CloseSessionTxn.Empty": true,
	"LearnerInfo.NoVersion": true, "LearnerInfo.NoConfigVersion": true,
	"LearnerRequest.IDs": true, "Notification.Short": true,
}

func typeName(r jute.Record) string { return reflect.TypeOf(r).Elem().Name() }

func fresh(r jute.Record) jute.Record {
	n := reflect.New(reflect.TypeOf(r).Elem())
	switch x := n.Interface().(type) {
	case *jute.SetWatches:
		x.Two = r.(*jute.SetWatches).Two
	case *jute.ConnectRequest:
		x.HasReadOnly = true
	case *jute.ConnectResponse:
		x.HasReadOnly = true
	}
	return n.Interface().(jute.Record)
}

func TestRecordsAreAllListed(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, r := range records() {
		listed[typeName(r)] = true
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Fields" {
				continue
			}
			name := f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
			if !listed[name] {
				t.Errorf("%s has Fields and is not listed", name)
			}
			delete(listed, name)
		}
	}
	if len(listed) > 0 {
		t.Errorf("listed without Fields: %v", listed)
	}
}

// filler gives each leaf of a record another value, in the order in which the fields are declared.
type filler struct {
	k     int64
	leafs []string
}

func (f *filler) fill(owner string, v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[[]byte]():
		f.k++
		v.SetBytes(fmt.Appendf(nil, "b%d", f.k))
		f.leafs = append(f.leafs, fmt.Sprintf("b%d", f.k))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill("", v.Index(0))
		f.fill("", v.Index(1))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && !offWire[v.Type().Name()+"."+field.Name] {
				f.fill(v.Type().Name(), v.Field(i))
			}
		}
	default:
		f.scalar(v)
	}
}

func (f *filler) scalar(v reflect.Value) {
	f.k++
	leaf := fmt.Sprint(f.k)
	switch v.Kind() {
	case reflect.String:
		leaf = "s" + leaf
		v.SetString(leaf)
	case reflect.Bool:
		v.SetBool(f.k%2 == 1)
		leaf = fmt.Sprint(v.Bool())
	case reflect.Uint64:
		v.SetUint(uint64(f.k))
	default:
		v.SetInt(f.k)
	}
	f.leafs = append(f.leafs, leaf)
}

// leaves is a Visitor that notes what it is shown.
type leaves struct {
	seen  []string
	depth int
}

func (l *leaves) Field(_ string, value any) {
	if b, ok := value.([]byte); ok {
		value = string(b)
	}
	if v := reflect.ValueOf(value); v.CanInt() {
		value = v.Int()
	}
	l.seen = append(l.seen, fmt.Sprint(value))
}
func (l *leaves) Enter(string, int) { l.depth++ }
func (l *leaves) Leave()            { l.depth-- }

func isMulti(r jute.Record) bool {
	switch r.(type) {
	case *jute.MultiRequest, *jute.MultiResponse:
		return true
	}
	return false
}

// Each exported field of each record is visited once, in the order in which it is declared.
func TestFieldsAreVisitedInOrder(t *testing.T) {
	for _, r := range records() {
		if isMulti(r) {
			continue
		}
		var f filler
		f.fill("", reflect.ValueOf(r).Elem())
		if h, ok := r.(*jute.Hello); ok {
			h.Version, f.leafs[0] = jute.HelloV1, fmt.Sprint(int64(jute.HelloV1))
		}
		if s, ok := r.(*jute.SetWatches); ok && !s.Two {
			f.leafs = f.leafs[:1+3*2]
		}
		var l leaves
		jute.Visit(r, &l)
		if got, want := fmt.Sprint(l.seen), fmt.Sprint(f.leafs); got != want || l.depth != 0 {
			t.Errorf("%s: visited %s, declared %s, depth %d", typeName(r), got, want, l.depth)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, r := range records() {
		if !isMulti(r) {
			var f filler
			f.fill("", reflect.ValueOf(r).Elem())
		}
		if s, ok := r.(*jute.SetWatches); ok && !s.Two {
			s.Persistent, s.PersistentRecursive = nil, nil
		}
		if h, ok := r.(*jute.Hello); ok {
			h.Version = jute.HelloV2
		}
		roundTrip(t, r)
		null := fresh(r)
		if !isMulti(r) {
			roundTrip(t, null)
		}
	}
	for _, r := range multis() {
		roundTrip(t, r)
	}
}

// roundTrip also cuts the bytes short everywhere, and puts more behind them.
func roundTrip(t *testing.T, r jute.Record) {
	t.Helper()
	wire := jute.Append(nil, r)
	got := fresh(r)
	used, err := jute.Decode(wire, got)
	if err != nil || used != len(wire) {
		t.Errorf("%s: %d of %d bytes used, %v", typeName(r), used, len(wire), err)
		return
	}
	if again := jute.Append(nil, got); !bytes.Equal(again, wire) {
		t.Errorf("%s: %x became %x", typeName(r), wire, again)
	}
	if !isMulti(r) && !reflect.DeepEqual(got, r) {
		t.Errorf("%s: %+v became %+v", typeName(r), r, got)
	}
	for cut := range wire {
		n, err := jute.Decode(wire[:cut], fresh(r))
		if err == nil && !mayEnd(r, wire, cut) {
			t.Errorf("%s: %d of %d bytes decode, using %d", typeName(r), cut, len(wire), n)
		}
	}
}

// mayEnd says whether a record may end before all its fields are there.
func mayEnd(r jute.Record, wire []byte, cut int) bool {
	switch r.(type) {
	case *jute.ConnectRequest, *jute.ConnectResponse:
		return cut == len(wire)-1
	case *jute.CreateTxn:
		return cut == len(wire)-4
	case *jute.CloseSessionTxn:
		return cut == 0
	case *jute.LearnerInfo, *jute.Activation:
		return cut >= 8
	case *jute.LearnerRequest:
		return cut >= 16
	case *jute.Touches:
		return cut%12 == 0
	case *jute.Notification:
		return cut == 28 || cut == 40
	}
	return false
}

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
