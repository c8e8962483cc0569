package program

import (
	"strings"
	"testing"

	"quoll/jute"
)

// A program depends on its seed and on what the first server answers, on nothing else; and it does
// not hold what it must not.
func TestGenerator(t *testing.T) {
	program := func(seed uint64, quotas bool) (string, map[jute.OpCode]int) {
		var text strings.Builder
		g := NewGenerator(seed, Taste{Quotas: quotas})
		ops := map[jute.OpCode]int{}
		for range 3000 {
			st := g.Next()
			text.WriteString(st.String())
			writes := 0
			for i := range st.Requests {
				rq := &st.Requests[i]
				ops[rq.Op]++
				if deadly(rq) {
					t.Fatalf("deadly: %v", rq)
				}
				if rq.Alone() && len(st.Requests) > 1 {
					t.Fatalf("not alone: %v", st)
				}
				if !Quiet(rq.Op) {
					writes++
				}
			}
			if quotas && writes > 1 {
				t.Fatalf("%d writes in a batch: %v", writes, st)
			}
			pretend(g, st)
		}
		return text.String(), ops
	}
	one, ops := program(7, false)
	if two, _ := program(7, false); one != two {
		t.Error("one seed, two programs")
	}
	if two, _ := program(8, false); one == two {
		t.Error("two seeds, one program")
	}
	program(8, true)
	for _, o := range operations() {
		if ops[o.op] == 0 {
			t.Errorf("no %v", o.op)
		}
	}
}

// pretend is a server that grants every session and answers nothing else.
func pretend(g *Generator, st *Step) {
	if st.Kind == Connect {
		g.Learn(st, []Seen{{Slot: st.Slot, What: "connect",
			Frame: jute.Append(nil, &jute.ConnectResponse{TimeOut: 1, SessionID: 1})}})
		return
	}
	g.Learn(st, nil)
}
