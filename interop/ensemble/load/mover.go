package load

import "context"

// mover takes its session elsewhere after a few writes, most of them unanswered. Where xids begin
// at 1 on each connection, the old writes in flight have the xids of the new ones.
type mover struct{ *writer }

func newMover(c *client) worker { return mover{newWriter(c).(*writer)} }

func (m mover) work(ctx context.Context) {
	for range 1 + m.random.IntN(window) {
		m.count(m.random.IntN(len(m.writer.counters)))
	}
	for range m.random.IntN(len(m.pending) + 1) {
		m.settleOldest()
	}
	if m.random.IntN(3) == 0 {
		m.get(m.writer.counters[0], false)
		m.drain()
	}
	m.pace(ctx)
	m.drop()
}
