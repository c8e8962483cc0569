package sim

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"quoll/internal/sim/history"
	"quoll/internal/sim/requests"
	"quoll/jute"
)

// The register once more, without zxids and without the model: what clients saw of it must be
// linearizable. That holds for reads too, because there is a single server.

// state is the register's; version -1 is no node.
type state struct {
	data    string
	version int32
}

// asked is one request, and answered its reply.
type asked struct {
	op      jute.OpCode
	data    string
	version int32 // wanted; -1: any
}

type answered struct {
	code  jute.ErrorCode
	state state // of a read, and the version after a set
	known bool  // false: no reply came; it may have happened or not
}

// register is a node that is created once, set and read.
func register() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{version: -1} },
		Step: func(s, in, out any) (bool, any) {
			return step(s.(state), in.(asked), out.(answered))
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
	}
}

func step(s state, in asked, out answered) (bool, any) {
	next, code := s, jute.OK
	switch {
	case in.op == jute.OpCreate && s.version >= 0:
		code = jute.NodeExists
	case in.op == jute.OpCreate:
		next = state{in.data, 0}
	case s.version < 0:
		code = jute.NoNode
	case in.op == jute.OpSetData && in.version >= 0 && in.version != s.version:
		code = jute.BadVersion
	case in.op == jute.OpSetData:
		next = state{in.data, s.version + 1}
	}
	switch {
	case !out.known:
		return true, next
	case out.code != code:
		return false, s
	case in.op == jute.OpGetData && code == jute.OK:
		return out.state == s, s
	case in.op == jute.OpSetData && code == jute.OK:
		return out.state.version == next.version, next
	}
	return true, next
}

// registerOps are the operations on the register. An operation without a reply may happen at any
// later time.
func registerOps(h *history.History) []porcupine.Operation {
	var all []porcupine.Operation
	for _, c := range h.Conns {
		replies := map[int32]*history.Frame{}
		for i := range c.Got {
			var r jute.ReplyHeader
			if _, err := jute.Decode(c.Got[i].Bytes, &r); i > 0 && err == nil {
				replies[r.Xid] = &c.Got[i]
			}
		}
		for i := range c.Sent {
			s := &c.Sent[i]
			in, ok := aboutRegister(s)
			if !ok {
				continue
			}
			out, at := answered{}, int64(math.MaxInt64)
			if f := replies[s.Xid]; f != nil {
				out, at = answerOf(in, f), f.At
			}
			refused := out.known && out.code != jute.OK && out.code != jute.NodeExists &&
				out.code != jute.NoNode && out.code != jute.BadVersion
			if refused || !out.known && in.op == jute.OpGetData {
				continue // it changed nothing and shows nothing
			}
			all = append(all, porcupine.Operation{
				ClientId: len(all), Input: in, Call: s.At, Output: out, Return: at,
			})
		}
	}
	return all
}

func aboutRegister(s *history.Sent) (asked, bool) {
	switch s.Op {
	case jute.OpCreate:
		var in jute.CreateRequest
		_, err := jute.Decode(s.Body, &in)
		return asked{s.Op, string(in.Data), -1}, err == nil && string(in.Path) == requests.Register
	case jute.OpSetData:
		var in jute.SetDataRequest
		_, err := jute.Decode(s.Body, &in)
		ok := err == nil && string(in.Path) == requests.Register
		return asked{s.Op, string(in.Data), in.Version}, ok
	case jute.OpGetData:
		var in jute.PathWatch
		_, err := jute.Decode(s.Body, &in)
		return asked{op: s.Op}, err == nil && string(in.Path) == requests.Register
	}
	return asked{}, false
}

func answerOf(in asked, f *history.Frame) answered {
	var h jute.ReplyHeader
	used, _ := jute.Decode(f.Bytes, &h)
	out := answered{code: h.Err, known: true}
	if h.Err != jute.OK {
		return out
	}
	switch in.op {
	case jute.OpGetData:
		var d jute.DataStat
		_, _ = jute.Decode(f.Bytes[used:], &d)
		out.state = state{string(d.Data), d.Stat.Version}
	case jute.OpSetData:
		var s jute.Stat
		_, _ = jute.Decode(f.Bytes[used:], &s)
		out.state.version = s.Version
	}
	return out
}

func TestTheRegisterIsLinearizable(t *testing.T) {
	var ops, unknown, checked int
	Play(Range(50_000, 200), alone, runtime.GOMAXPROCS(0), func(r *Result) {
		list := registerOps(r.History)
		ops += len(list)
		switch porcupine.CheckOperationsTimeout(register(), list, 2*time.Second) {
		case porcupine.Illegal:
			t.Errorf("seed %d: the register is not linearizable", r.Seed)
		case porcupine.Unknown:
			unknown++
		default:
			checked++
		}
	})
	t.Logf("%d operations of %d seeds; %d took too long to decide", ops, checked, unknown)
	if ops < 2000 || unknown > checked/10 {
		t.Error("too little was checked")
	}
}

// The linearizability check, too, refuses a lost update.
func TestALostUpdateIsNotLinearizable(t *testing.T) {
	ok := func(in asked, out answered, from, to int64) porcupine.Operation {
		out.known = true
		return porcupine.Operation{Input: in, Output: out, Call: from, Return: to}
	}
	list := []porcupine.Operation{
		ok(asked{op: jute.OpCreate, data: "0"}, answered{}, 0, 1),
		ok(asked{op: jute.OpSetData, data: "1", version: -1},
			answered{state: state{version: 1}}, 2, 3),
		ok(asked{op: jute.OpGetData}, answered{state: state{"1", 1}}, 4, 5),
	}
	if !porcupine.CheckOperations(register(), list) {
		t.Fatal("a good history is refused")
	}
	list = append(list, ok(asked{op: jute.OpGetData}, answered{state: state{"0", 0}}, 6, 7))
	if porcupine.CheckOperations(register(), list) {
		t.Fatal("a lost update is accepted")
	}
}
