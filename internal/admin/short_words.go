package admin

import (
	"quoll/datatree"
	"quoll/internal/config"
	"quoll/internal/metrics"
	"quoll/jute"
	"quoll/processor/lane"
)

// ServerFacts are the facts that srvr prints.
type ServerFacts struct {
	Version     string
	Latency     metrics.Snapshot // ms, of all requests
	Received    int64            // packets since the last srst
	Sent        int64            // packets since the last srst
	Connections int
	Outstanding int64
	Zxid        jute.Zxid
	Mode        string
	Nodes       int
	Proposals   *ProposalSizes // nil: the server does not lead an ensemble
}

// ServerFacts returns the present facts.
func (c *Commands) ServerFacts() ServerFacts {
	f := ServerFacts{
		Version: c.Version, Latency: c.latency(), Connections: c.Shared.Conns.Len(),
		Outstanding: c.Shared.Outstanding(), Mode: c.Mode(),
	}
	if c.Ensemble != nil {
		if reign := c.Ensemble().Leads; reign != nil {
			f.Proposals = &reign.Proposals
		}
	}
	f.Received, f.Sent = c.monitor.packets(c)
	v := c.Shared.Tree.Read()
	defer v.Release()
	f.Zxid, f.Nodes = v.LastZxid(), v.NodeCount()
	return f
}

func (f *ServerFacts) print(p *page) {
	p.number("Latency min/avg/max: ", f.Latency.Min)
	p.text("/", metrics.JavaDouble(f.Latency.Average()))
	p.number("/", f.Latency.Max)
	p.number("\nReceived: ", f.Received)
	p.number("\nSent: ", f.Sent)
	p.number("\nConnections: ", int64(f.Connections))
	p.number("\nOutstanding: ", f.Outstanding)
	p.hex("\nZxid: 0x", int64(f.Zxid))
	p.text("\nMode: ", f.Mode)
	p.number("\nNode count: ", int64(f.Nodes))
	p.text("\n")
	if f.Proposals != nil {
		p.text("Proposal sizes last/min/max: ", f.Proposals.String(), "\n")
	}
}

func (c *Commands) srvr(p *page) {
	f := c.ServerFacts()
	p.text("Zookeeper version: ", f.Version, "\n")
	f.print(p)
}

func (c *Commands) stat(p *page) {
	clients, f := c.Connections(), c.ServerFacts()
	p.text("Zookeeper version: ", f.Version, "\nClients:\n")
	p.clients(clients, true, c.epoch)
	p.text("\n")
	f.print(p)
}

// ConfFacts are the facts that conf prints: the configuration, and numbers that only a running
// server knows.
type ConfFacts struct {
	Config *config.Config
	config.Live
}

// ConfFacts returns the present facts. It lists the data directories.
func (c *Commands) ConfFacts() ConfFacts { return ConfFacts{Config: c.Config, Live: c.Live()} }

func (c *Commands) conf(p *page) {
	f := c.ConfFacts()
	_ = f.Config.WriteConf(p, f.Live) // writing to a page never fails
}

func (c *Commands) dirs(p *page) {
	f := c.ConfFacts()
	p.number("datadir_size: ", f.DataDirBytes)
	p.number("\nlogdir_size: ", f.LogDirBytes)
	p.text("\n")
}

// HashFacts are the facts that hash prints: past digests of the tree, one for every 128
// transactions.
type HashFacts []datatree.ZxidDigest

// HashFacts returns the present facts.
func (c *Commands) HashFacts() HashFacts {
	v := c.Shared.Tree.Read()
	defer v.Release()
	return v.DigestLog()
}

func (c *Commands) hash(p *page) {
	if c.Shared.Serving.Load() == lane.NoService {
		p.text(notServing)
		return
	}
	for _, d := range c.HashFacts() {
		p.hex("", int64(d.Zxid))
		p.number(": ", int64(d.Digest))
		p.text("\n")
	}
}

// The short words.

func (c *Commands) ruok(p *page) { p.text("imok") }

func (c *Commands) isro(p *page) {
	switch c.Shared.Serving.Load() {
	case lane.NoService:
		p.text("null")
	case lane.ReadOnly:
		p.text("ro")
	default:
		p.text("rw")
	}
}

func (c *Commands) gtmk(p *page) { p.number("", c.trace.Load()) }

// stmk keeps the mask and prints it. The mask has no effect; the word exists for scripts.
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
