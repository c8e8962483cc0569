package calls

import "quoll/client/internal/machine"

// Fates says what becomes of the calls when there is no connection any more, and of which errors
// they are told.
type Fates struct {
	Unsent, Reads, Writes machine.Fate
	Err                   error // the cause
	Unknown               error // the cause of a write whose outcome is not known
}

// Settle carries out the fates. Neither a writer nor a reader may be running, unless they look at
// no reply any more. Bound calls are thrown away.
func (q *Queue) Settle(f Fates) {
	q.mu.Lock()
	var again, over []*Call
	place := func(c *Call, fate machine.Fate) {
		switch {
		case c.Kind == Bound || c.left:
			c.left = true
			over = append(over, c)
		case fate == machine.Fail:
			c.Err = f.Err
			over = append(over, c)
		case fate == machine.Unknown:
			c.Err = f.Unknown
			over = append(over, c)
		default:
			c.at = queued
			again = append(again, c)
		}
	}
	for _, c := range q.sent.all() {
		fate := f.Reads
		if c.Kind == Write {
			fate = f.Writes
		}
		place(c, fate)
	}
	for _, c := range q.unsent.all() {
		place(c, f.Unsent)
	}
	q.sent.replace(nil)
	q.unsent.replace(again)
	q.company.forget()
	q.company.look()
	for _, c := range over {
		c.at = matched
		q.room.give(c)
	}
	if len(again) > 0 {
		q.signal()
	}
	q.mu.Unlock()
	for _, c := range over {
		q.complete(c)
	}
}

// Refuse makes every new call fail with err, and those that wait for room. nil lets calls in again.
func (q *Queue) Refuse(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refusal = err
	if err != nil {
		q.room.dismiss()
	}
}

// Len is how many calls there are.
func (q *Queue) Len() (unsent, sent int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.unsent.len(), q.sent.len()
}
