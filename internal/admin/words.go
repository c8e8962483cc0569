package admin

import "quoll/internal/metrics"

func (c *Commands) ruok(p *page) { p.text("imok") }

func (c *Commands) isro(p *page) {
	switch {
	case !c.Shared.Serving.Load():
		p.text("null")
	case c.Mode() == "read-only":
		p.text("ro")
	default:
		p.text("rw")
	}
}

func (c *Commands) conf(p *page) {
	_ = c.Config.WriteConf(p, c.Live()) // a page takes everything
}

func (c *Commands) dirs(p *page) {
	live := c.Live()
	p.number("datadir_size: ", live.DataDirBytes)
	p.number("\nlogdir_size: ", live.LogDirBytes)
	p.text("\n")
}

func (c *Commands) gtmk(p *page) { p.number("", c.trace.Load()) }

// stmk keeps the mask and tells it. Nothing is traced by it: it is there for scripts.
func (c *Commands) stmk(p *page, mask int64) {
	c.trace.Store(mask)
	p.number("", mask)
}

func (c *Commands) crst(p *page) {
	c.Shared.ResetConns()
	p.text("Connection stats reset.\n")
}

func (c *Commands) srst(p *page) {
	c.monitor.reset(c)
	p.text("Server stats reset.\n")
}

// hash tells the digests of the tree in the past, one each 128 transactions.
func (c *Commands) hash(p *page) {
	if !c.Shared.Serving.Load() {
		p.text(notServing)
		return
	}
	v := c.Shared.Tree.Read()
	log := v.DigestLog()
	v.Release()
	for _, d := range log {
		p.hex("", int64(d.Zxid))
		p.number(": ", int64(d.Digest))
		p.text("\n")
	}
}

func (c *Commands) srvr(p *page) {
	p.text("Zookeeper version: ", c.Version, "\n")
	c.numbers(p)
}

func (c *Commands) stat(p *page) {
	p.text("Zookeeper version: ", c.Version, "\nClients:\n")
	c.clients(p, true)
	p.text("\n")
	c.numbers(p)
}

// numbers is what srvr and stat have in common.
func (c *Commands) numbers(p *page) {
	latency := c.latency()
	received, sent := c.monitor.packets(c)
	v := c.Shared.Tree.Read()
	zxid, nodes := v.LastZxid(), v.NodeCount()
	v.Release()
	p.number("Latency min/avg/max: ", latency.Min)
	p.text("/", metrics.JavaDouble(latency.Average()))
	p.number("/", latency.Max)
	p.number("\nReceived: ", received)
	p.number("\nSent: ", sent)
	p.number("\nConnections: ", int64(c.Shared.Conns.Len()))
	p.number("\nOutstanding: ", c.Shared.Outstanding())
	p.hex("\nZxid: 0x", int64(zxid))
	p.text("\nMode: ", c.Mode())
	p.number("\nNode count: ", int64(nodes))
	p.text("\n")
}
