package zktest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"quoll/client"
	"quoll/internal/proxy"
)

// Cluster is an ensemble for one test. Its servers are numbered from 0.
//
// Each server reaches each other one by lines of its own, one for the election port and one for the
// quorum port, so that any two can be cut off from each other.
type Cluster struct {
	tb      testing.TB
	servers []*Server
	lines   map[way][]*proxy.Line
}

// way is from one server to another.
type way struct{ from, to int }

// StartCluster starts an ensemble of n servers, which ends with the test. When it returns, there is
// a leader and every server takes clients.
func StartCluster(tb testing.TB, n int, opts ...Option) *Cluster {
	tb.Helper()
	o := options{}
	for _, opt := range opts {
		opt(&o)
	}
	cl := &Cluster{tb: tb, lines: map[way][]*proxy.Line{}}
	tb.Cleanup(func() {
		for _, lines := range cl.lines {
			for _, line := range lines {
				line.Close()
			}
		}
	})
	views := cl.connect(n)
	for i := range n {
		config := settings + ensembleSettings + views[i] + strings.Join(o.settings, "\n")
		f := files{configFile: config, dataDir + "/myid": fmt.Sprint(i + 1)}
		cl.servers = append(cl.servers, newServer(tb, f))
	}
	for _, s := range cl.servers {
		s.start()
	}
	cl.await()
	return cl
}

// ensembleSettings leave time enough, in ticks of 100 ms, on a machine that is very busy.
const ensembleSettings = "initLimit=100\nsyncLimit=20\n"

// connect makes the lines, and returns the server lines of each server's zoo.cfg: its own ports,
// and where its lines to the others begin.
func (cl *Cluster) connect(n int) (views []string) {
	cl.tb.Helper()
	hosts, ports := loopbacks(n), make([][2]string, n)
	for i := range n {
		var err error
		if ports[i], err = freePorts(hosts[i]); err != nil {
			cl.tb.Fatal("zktest: ", err)
		}
	}
	for from := range n {
		view := ""
		for to := range n {
			quorum, election := ports[to][0], ports[to][1]
			host := hosts[to]
			if from != to {
				host = "127.0.0.1"
				quorum = cl.line(way{from, to}, net.JoinHostPort(hosts[to], quorum))
				election = cl.line(way{from, to}, net.JoinHostPort(hosts[to], election))
			}
			view += fmt.Sprintf("server.%d=%s:%s:%s\n", to+1, host, quorum, election)
		}
		views = append(views, view)
	}
	return views
}

// line makes one line and returns the port at which it begins.
func (cl *Cluster) line(w way, target string) string {
	cl.tb.Helper()
	line, err := proxy.StartLine("127.0.0.1:0", target)
	if err != nil {
		cl.tb.Fatal("zktest: ", err)
	}
	cl.lines[w] = append(cl.lines[w], line)
	_, port, _ := net.SplitHostPort(line.Addr())
	return port
}

// loopbacks are addresses for the servers' own ports. They have to be known before the servers
// listen; on Linux each cluster has addresses by chance out of 2^16 times as many, so that nobody
// else takes the ports meanwhile.
func loopbacks(n int) []string {
	hosts := make([]string, n)
	net := rand.N(1 << 16)
	for i := range hosts {
		hosts[i] = "127.0.0.1"
		if runtime.GOOS == "linux" {
			hosts[i] = fmt.Sprintf("127.%d.%d.%d", 1+net>>8&0x7f, net&0xff, 2+i)
		}
	}
	return hosts
}

// freePorts are two ports of a host at which nobody listens. The first one is held until the second
// one is known: a system may give the port again that was given back last.
func freePorts(host string) (ports [2]string, err error) {
	for i := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return ports, err
		}
		defer l.Close()
		_, ports[i], _ = net.SplitHostPort(l.Addr().String())
	}
	return ports, nil
}

// await waits until one server leads and the others that run follow.
func (cl *Cluster) await() {
	cl.tb.Helper()
	deadline := time.Now().Add(startPatience)
	for !cl.settled() {
		if time.Now().After(deadline) {
			cl.tb.Fatal("zktest: no leader in time")
		}
		pause(5 * time.Millisecond)
	}
}

func (cl *Cluster) settled() bool {
	leaders := 0
	for _, s := range cl.servers {
		if s.running == nil {
			continue
		}
		switch mode(s.running.addr) {
		case "leader":
			leaders++
		case "follower":
		default:
			return false
		}
	}
	return leaders == 1
}

func pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// mode is what a server says that it is, by the four-letter word srvr; "" while it does not serve.
func mode(addr string) string {
	nc, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return ""
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(nc, "srvr"); err != nil {
		return ""
	}
	answer, err := io.ReadAll(nc)
	if err != nil {
		return ""
	}
	_, mode, _ := strings.Cut(string(answer), "\nMode: ")
	mode, _, _ = strings.Cut(mode, "\n")
	return mode
}

// Servers is the connection string, with all servers.
func (cl *Cluster) Servers() string {
	var all []string
	for _, s := range cl.servers {
		all = append(all, s.Servers())
	}
	return strings.Join(all, ",")
}

// Client is a connected client, which is closed at the end of the test.
func (cl *Cluster) Client(opts ...client.Option) *client.Client {
	cl.tb.Helper()
	return dial(cl.tb, cl.Servers(), opts)
}

// Server is one of the servers, with its knobs.
func (cl *Cluster) Server(i int) *Server { return cl.servers[i] }

// Leader waits until there is one leader, and returns its number.
func (cl *Cluster) Leader() int {
	cl.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	for ctx.Err() == nil {
		leader, n := 0, 0
		for i, s := range cl.servers {
			if s.running != nil && mode(s.running.addr) == "leader" {
				leader, n = i, n+1
			}
		}
		if n == 1 {
			return leader
		}
		pause(5 * time.Millisecond)
	}
	cl.tb.Fatal("zktest: no leader in time")
	return 0
}

// Partition cuts two servers off from each other. Clients reach both.
func (cl *Cluster) Partition(a, b int) {
	for _, w := range []way{{a, b}, {b, a}} {
		for _, line := range cl.lines[w] {
			line.Cut()
		}
	}
}

// Heal ends all partitions.
func (cl *Cluster) Heal() {
	for _, lines := range cl.lines {
		for _, line := range lines {
			line.Heal()
		}
	}
}

// Kill ends a server as kill -9 does: nobody hears of it, and on its disk there is what it has
// written until now. Server(i).Restart starts it again.
func (cl *Cluster) Kill(i int) {
	cl.tb.Helper()
	s := cl.servers[i]
	if s.running == nil {
		return
	}
	s.proxy.Target("")
	s.proxy.Drop(0)
	var own []*proxy.Line
	for w, lines := range cl.lines {
		if w.from == i || w.to == i {
			own = append(own, lines...)
		}
	}
	for _, line := range own {
		line.Cut()
	}
	left := s.disk.Kill()
	s.Stop()
	s.disk = left
	for _, line := range own {
		line.Heal()
	}
}
