package client

import (
	"slices"

	"quoll/internal/sim/history"
	"quoll/internal/sim/requests"
	"quoll/jute"
)

// act does the client's next action of its own accord.
func (c *Client) act() {
	w, link := c.w, c.link
	if c.quiet || c.robbed || c.Requests <= 0 {
		return
	}
	switch n := w.Rand.IntN(40); {
	case n < 2 && c.Cuts:
		w.Counts.Add("fault", "connection cut")
		c.drop(w.Chance(2), w.Between(500, 60_000))
		return
	case n == 2 && c.Cuts:
		w.Counts.Add("fault", "client away for long")
		c.drop(w.Chance(2), w.Between(100_000, 1_000_000))
		return
	case n == 7:
		c.move()
	case n == 3:
		out := c.ask(jute.OpCloseSession, c.nextXid(), nil)
		if w.Chance(2) {
			w.Counts.Add("generator", "requests behind a closeSession")
			out = append(out, c.burst(1+w.Rand.IntN(5))...)
		}
		c.link.Send(out)
		return
	case n == 8:
		c.odd()
	case n < 13 && c.Crowd > 0:
		c.listCrowd()
	case n == 4 && c.SlowReaders:
		w.Counts.Add("fault", "slow reader")
		c.slowUntil = w.Now + w.Between(1000, 300_000)
		w.After(c.slowUntil-w.Now, link.Consume)
	case n == 5:
		c.show()
	case n == 6 && w.Chance(4):
		c.nonsense()
		return
	case len(c.waiting) < 30:
		if out := c.burst(1 + w.Rand.IntN(8)); len(out) > 0 {
			c.sentAt = w.Now
			link.Send(out)
		}
	}
	w.After(w.Between(200, 12_000), func() {
		if c.link == link && c.up {
			c.act()
		}
	})
}

// show authenticates.
func (c *Client) show() {
	proofs := []proof{
		{"digest", requests.Proofs[0]}, {"digest", requests.Proofs[1]}, {"ip", ""},
		{"digest", requests.SuperProof},
	}
	p := proofs[c.w.Rand.IntN(len(proofs))]
	if c.w.Chance(12) {
		p = proof{"nobody", "knows"}
	} else if !slices.Contains(c.proofs, p) {
		c.proofs = append(c.proofs, p)
	}
	c.link.Send(c.authPacket(p))
}

func (c *Client) authPacket(p proof) []byte {
	return c.ask(jute.OpAuth, jute.XidAuth, &jute.AuthPacket{
		Scheme: []byte(p.scheme), Auth: []byte(p.proof),
	})
}

// burst makes some requests, to be sent in one piece.
func (c *Client) burst(n int) []byte {
	var out []byte
	for ; n > 0 && c.Requests > 0; n-- {
		c.Requests--
		r := c.source().Next()
		xid := jute.XidPing
		if r.Op != jute.OpPing {
			xid = c.nextXid()
		}
		out = append(out, c.send(r, xid)...)
	}
	return out
}

func (c *Client) source() requests.Source {
	return requests.Source{
		Rand: c.w.Rand, MaxFrame: c.MaxFrame, QuotaLimit: c.QuotaLimit, Ensemble: c.Ensemble,
		Reached: func(what string) { c.w.Counts.Add("generator", what) },
	}
}

func (c *Client) nextXid() int32 {
	c.xid++
	return c.xid
}

// ask makes a frame and remembers that it was sent.
func (c *Client) ask(op jute.OpCode, xid int32, body jute.Record) []byte {
	return c.send(requests.New(op, body), xid)
}

func (c *Client) send(r requests.Request, xid int32) []byte {
	w := c.w
	w.Counts.Add("sent", r.Op.String())
	c.link.Record().Sent = append(c.link.Record().Sent, history.Sent{
		Xid: xid, Op: r.Op, Body: r.Body, At: w.Now,
	})
	w.Note("client %d, connection %d: sends xid %d %v %q", c.number, c.link.Record().ID,
		xid, r.Op, r.Body)
	if r.Op == jute.OpAuth {
		c.aside++
	} else {
		c.waiting = append(c.waiting, waiting{r, xid})
	}
	b := jute.Append(jute.FrameStart(nil), &jute.RequestHeader{Xid: xid, Type: r.Op})
	b = append(b, r.Body...)
	jute.FrameEnd(b, 0)
	return b
}

// SetUpQuota has the client set a quota on /q as soon as it has a session.
func (c *Client) SetUpQuota() {
	if !c.up {
		c.w.After(10_000, c.SetUpQuota)
		return
	}
	nodes := []struct{ path, data string }{
		{requests.QuotaNode, ""}, {requests.LimitsNode, c.QuotaLimit}, {requests.StatsNode, ""},
	}
	var out []byte
	for _, n := range nodes {
		in := &jute.CreateRequest{Path: []byte(n.path), Data: []byte(n.data), ACL: requests.OpenACL}
		out = append(out, c.ask(jute.OpCreate, c.nextXid(), in)...)
	}
	c.link.Send(out)
}
