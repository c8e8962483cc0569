package election

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/config"
)

// saying is a Speaker whose notifications are numbered, so that it shows when one was built.
type saying struct {
	state  ensemble.State
	number int64
}

func (s *saying) State() ensemble.State { return s.state }
func (s *saying) Notification(to jute.PeerID) ensemble.Notification {
	return ensemble.Notification{State: s.state, Leader: to, ElectionEpoch: s.number, Version: 2}
}

// ports reads host:port, several with | between.
func ports(text string) []config.HostPort {
	all, err := config.ParseHello([]byte(text))
	if err != nil {
		panic(err)
	}
	return all
}

// desk runs the Links of server 5 by hand, among 1, 3, 7 and 9; 9 is an observer.
type desk struct {
	t       *testing.T
	l       *Links
	speaker saying
	now     time.Duration
	heard   *Heard
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t}
	d.l = NewLinks(LinksConfig{
		Me: 5, Address: ports("me:3888")[0], HelloWithin: 5 * time.Second,
		Members: []Address{
			{9, ports("nine:3888")}, {5, ports("me:3888")}, {1, ports("one:3888")},
			{3, ports("three:3888|three:3889")}, {7, ports("seven:3888")},
		},
		Voters: majority(1, 3, 5, 7), Quorums: "[1 3 5 7]",
	}, &d.speaker)
	return d
}

// does tells what is to be done, in words.
func (d *desk) does() string {
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	f := d.l.Take()
	for _, link := range f.Close {
		add("close %d", link)
	}
	for _, s := range f.Send {
		var h ensemble.Hello
		var n ensemble.Notification
		if s.Data[0] == 0xff {
			_, err := jute.Decode(s.Data, &h)
			require.NoError(d.t, err)
			add("hello %d %d@%s", s.Link, h.Sid, h.Addresses)
		} else {
			_, err := jute.Decode(s.Data[frameHead:], &n)
			require.NoError(d.t, err)
			require.EqualValues(d.t, len(s.Data)-frameHead, s.Data[3])
			add("send %d number %d to %d", s.Link, n.ElectionEpoch, n.Leader)
		}
		if s.Last {
			add("and close it")
		}
	}
	for _, call := range f.Dial {
		add("dial %d %s", call.Peer, config.FormatHello(call.Ports))
	}
	names := []string{Opened: "opened", BadHello: "bad hello", BadMessage: "bad message",
		SilentCaller: "silent caller", SameID: "same id", Stranger: "stranger",
		OtherQuorums: "other quorums"}
	for _, n := range f.Notes {
		add("%s %d of %d", names[n.Kind], n.Link, n.Peer)
		if n.Quorums != "" {
			add("which are %v", n.Quorums)
		}
	}
	return strings.Join(words, "; ")
}

func (d *desk) event(ev LinkEvent) string {
	d.heard = d.l.Step(d.now, ev)
	return d.does()
}

func (d *desk) connected(link LinkID, sid jute.PeerID) string {
	return d.event(LinkEvent{Kind: Connected, Link: link, Peer: sid})
}
func (d *desk) failed(sid jute.PeerID) string { return d.event(LinkEvent{Kind: Failed, Peer: sid}) }
func (d *desk) wrote(link LinkID) string      { return d.event(LinkEvent{Kind: Wrote, Link: link}) }
func (d *desk) closed(link LinkID) string     { return d.event(LinkEvent{Kind: Closed, Link: link}) }

// called is a connection that another server made, with its hello.
func (d *desk) called(link LinkID, sid jute.PeerID, address string) string {
	require.Empty(d.t, d.event(LinkEvent{Kind: Accepted, Link: link}))
	h := ensemble.Hello{Version: ensemble.HelloV1, Sid: sid, Addresses: []byte(address)}
	if strings.Contains(address, "|") {
		h.Version = ensemble.HelloV2
	} else if address == "" {
		h.Version = ensemble.HelloBare
	}
	return d.event(LinkEvent{Kind: Message, Link: link, Data: jute.Append(nil, &h)})
}

func (d *desk) hears(link LinkID, n ensemble.Notification) string {
	return d.event(LinkEvent{Kind: Message, Link: link, Data: appendFrame(nil, &n)})
}

func (d *desk) say(sid jute.PeerID) string { d.l.Say(d.now, sid); return d.does() }

// pass lets time go by and collects what is done meanwhile, with the time.
func (d *desk) pass(t time.Duration) string {
	var all []string
	for end := d.now + t; d.now < end; {
		d.now += 10 * time.Millisecond
		d.l.Tick(d.now)
		if s := d.does(); s != "" {
			all = append(all, fmt.Sprintf("%v: %s", d.now, s))
		}
	}
	return strings.Join(all, "\n")
}

func TestTheLargerIDKeepsWhatItDialled(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	require.Equal(t, "dial 3 three:3888|three:3889", d.say(3))
	require.Equal(t, "hello 1 5@me:3888; opened 1 of 3", d.connected(1, 3))
	require.Equal(t, "send 1 number 0 to 3", d.wrote(1))
}

func TestTheSmallerIDSaysHelloAndIsDialledBack(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	require.Equal(t, "dial 7 seven:3888", d.say(7))
	require.Equal(t, "hello 1 5@me:3888; and close it", d.connected(1, 7))
	require.Empty(t, d.wrote(1))
	require.Empty(t, d.closed(1))
	require.Equal(t, "send 2 number 0 to 7; opened 2 of 7", d.called(2, 7, "seven:3888"))
}

func TestWhoWasDialledBackMeanwhileSaysNoHello(t *testing.T) {
	d := newDesk(t)
	d.say(7)
	d.called(2, 7, "seven:3888")
	require.Equal(t, "close 1", d.connected(1, 7))
	require.Equal(t, "send 2 number 0 to 7", d.say(7)+d.wrote(2))
}

func TestASmallerCallerIsDialledBackAtTheAddressOfItsHello(t *testing.T) {
	for address, dialled := range map[string]string{
		"10.0.0.3:4000":                "10.0.0.3:4000",
		"three.example:1":              "three.example:1",
		"[2001:db8::3]:4000":           "[2001:db8:0:0:0:0:0:3]:4000",
		"10.0.0.3:4000|10.0.0.4:4000":  "10.0.0.3:4000|10.0.0.4:4000",
		"0.0.0.0:4000":                 "three:3888|three:3889",
		"[::]:4000":                    "three:3888|three:3889",
		"[::]:4000|10.0.0.4:4000":      "10.0.0.4:4000",
		"[0:0:0:0:0:0:0:0]:4000":       "three:3888|three:3889",
		"":                             "three:3888|three:3889",
		"0.0.0.0:4000|[::]:4000":       "three:3888|three:3889",
		"127.0.0.1:4000":               "127.0.0.1:4000",
		"three:0":                      "three:0",
		"[fe80::1%eth0]:4000":          "[fe80::1%eth0]:4000",
		"0.0.0.0.example:4000":         "0.0.0.0.example:4000",
		"three_with_underscore.x:4000": "three_with_underscore.x:4000",
	} {
		d := newDesk(t)
		require.Equal(t, "close 1; dial 3 "+dialled, d.called(1, 3, address), address)
	}
}

func TestUnreadableHellos(t *testing.T) {
	for _, address := range []string{
		"three", "three:", "three:x", "three:65536", "three:-1", "[::1:4000",
		"::1:4000", "|three:4000",
	} {
		d := newDesk(t)
		require.Equal(t, "close 1; bad hello 1 of 3", d.called(1, 3, address), address)
	}
	d := newDesk(t)
	require.Equal(t, "close 1; bad hello 1 of -1", d.called(1, -1, "a:1"))
	d.event(LinkEvent{Kind: Accepted, Link: 2})
	require.Equal(t, "close 2; bad hello 2 of 0",
		d.event(LinkEvent{Kind: Message, Link: 2, Data: []byte{0xff, 1}}))
	require.Empty(t, d.event(LinkEvent{Kind: Message, Link: 2, Data: []byte{0xff, 1}}))
}

func TestASmallerCallersOldConnectionEnds(t *testing.T) {
	d := newDesk(t)
	d.say(3)
	d.connected(1, 3)
	d.now += time.Second
	require.Equal(t, "close 2; close 1; dial 3 a:1", d.called(2, 3, "a:1")[:len("close 2; close 1; dial 3 a:1")])
	require.Empty(t, d.wrote(1), "it is ours no more")
	require.Equal(t, "hello 3 5@me:3888; opened 3 of 3", d.connected(3, 3))
}

func TestHellosThatCrossOurDialAreNotAnswered(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	d.say(3)
	d.connected(1, 3)
	d.now += crossing - 1
	require.Equal(t, "close 2", d.called(2, 3, "a:1"))
	d.now++
	require.Equal(t, "close 3; close 1; dial 3 a:1", d.called(3, 3, "a:1")+d.pass(0))
}

func TestADialInProgressIsNotDoubled(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	require.NotEmpty(t, d.say(3))
	require.Equal(t, "close 2", d.called(2, 3, "a:1"))
	require.Equal(t, "hello 1 5@me:3888; opened 1 of 3", d.connected(1, 3))
	require.Empty(t, d.pass(time.Second))
}

func TestDialsBackHaveAPause(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	require.Equal(t, "close 1; dial 3 a:1", d.called(1, 3, "a:1"))
	require.Empty(t, d.failed(3))
	require.Equal(t, "close 2", d.called(2, 3, "b:1"))
	require.Equal(t, "close 3", d.called(3, 3, "c:1"))
	require.Equal(t, "100ms: dial 3 c:1", d.pass(time.Second))
}

func TestTheNewestConnectionWins(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, "send 1 number 0 to 7; opened 1 of 7", d.called(1, 7, "x:1"))
	require.Equal(t, "close 1; send 2 number 0 to 7; opened 2 of 7", d.called(2, 7, "x:1"))
	require.Empty(t, d.closed(1))
	require.Empty(t, d.hears(1, ensemble.Notification{Version: 2}))
	require.Nil(t, d.heard)
	d.hears(2, ensemble.Notification{Version: 2, ElectionEpoch: 4})
	require.EqualValues(t, 7, d.heard.From)
	require.EqualValues(t, 4, d.heard.Notification.ElectionEpoch)
}

func TestTheOwnIDIsClosed(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, "close 1; same id 1 of 5", d.called(1, 5, "x:1"))
}

func TestWhatIsSaidIsBuiltWhenItLeaves(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, "send 1 number 0 to 7; opened 1 of 7", d.called(1, 7, "x:1"))
	d.speaker.number = 1
	require.Empty(t, d.say(7), "one at a time")
	d.speaker.number = 2
	require.Empty(t, d.say(7))
	d.speaker.number = 3
	require.Equal(t, "send 1 number 3 to 7", d.wrote(1), "the queue holds one")
	require.Empty(t, d.wrote(1))
}

func TestWhatWasSaidLastIsSaidAgain(t *testing.T) {
	d := newDesk(t)
	d.called(1, 7, "x:1")
	d.wrote(1)
	d.speaker = saying{state: ensemble.Following, number: 4}
	require.Empty(t, d.closed(1))
	require.Equal(t, "send 2 number 4 to 7; opened 2 of 7", d.called(2, 7, "x:1"))
}

func TestASettledServerSaysNothingUnasked(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Leading
	require.Equal(t, "opened 1 of 7", d.called(1, 7, "x:1"))
	require.Empty(t, d.pass(10*time.Second))
	require.Empty(t, d.closed(1))
	require.Empty(t, d.pass(10*time.Second), "and dials nobody")
	require.Equal(t, "dial 7 seven:3888", d.say(7), "but to say something")
	require.Empty(t, d.failed(7))
	require.Empty(t, d.pass(10*time.Second), "once")
}

func TestWhoLooksRedialsVotersEverySecond(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, "10ms: dial 1 one:3888; dial 3 three:3888|three:3889; dial 7 seven:3888",
		d.pass(10*time.Millisecond))
	d.failed(1)
	d.connected(1, 3)
	require.Equal(t, "send 1 number 0 to 3", d.wrote(1))
	d.wrote(1)
	require.Equal(t, "1.01s: dial 1 one:3888", d.pass(time.Second))
	d.failed(1)
	d.failed(7)
	require.Equal(t, "1.02s: dial 7 seven:3888", d.pass(10*time.Millisecond))
	d.now += 100 * time.Millisecond
	require.Equal(t, "dial 3 three:3888|three:3889", d.closed(1), "at once when one is lost")
}

func TestASilentConnectionIsProbed(t *testing.T) {
	d := newDesk(t)
	d.called(1, 7, "x:1")
	d.wrote(1)
	d.l.peers = d.l.peers[2:3]
	require.Equal(t, "2s: send 1 number 0 to 7", d.pass(2*time.Second))
	d.wrote(1)
	d.now += time.Second
	d.hears(1, ensemble.Notification{Version: 2})
	require.Equal(t, "5s: send 1 number 0 to 7", d.pass(2*time.Second), "silence, not time")
}

func TestAnUnreadableMessageEndsTheConnection(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	d.called(1, 7, "x:1")
	require.Equal(t, "close 1; bad message 1 of 7", d.event(
		LinkEvent{Kind: Message, Link: 1, Data: []byte{0, 0, 0, 2, 1, 2}}))
	require.Nil(t, d.heard)
	require.Equal(t, "opened 2 of 7", d.called(2, 7, "x:1"))
}

func TestWhoSaysNoHelloIsClosed(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	d.event(LinkEvent{Kind: Accepted, Link: 1})
	d.now = time.Second
	d.event(LinkEvent{Kind: Accepted, Link: 2})
	d.closed(2)
	d.event(LinkEvent{Kind: Accepted, Link: 3})
	require.Equal(t, "5s: close 1; silent caller 1 of 0\n6s: close 3; silent caller 3 of 0",
		d.pass(10*time.Second))
}

func TestOfTooManySilentCallersTheOldestGoes(t *testing.T) {
	d := newDesk(t)
	for link := LinkID(1); link <= maxPending; link++ {
		require.Empty(t, d.event(LinkEvent{Kind: Accepted, Link: link}))
	}
	require.Equal(t, "close 1; silent caller 1 of 0",
		d.event(LinkEvent{Kind: Accepted, Link: maxPending + 1}))
}

func TestStrangers(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	for i := range maxStrangers {
		sid := jute.PeerID(100 + i)
		require.Contains(t, d.called(LinkID(i+1), sid, "x:1"), "opened")
	}
	require.Equal(t, "close 99; stranger 99 of 200", d.called(99, 200, "x:1"))
	require.Equal(t, "close 98; stranger 98 of 2", d.called(98, 2, "x:1"))
	require.Contains(t, d.called(97, 7, "x:1"), "opened", "members find room")
	require.Equal(t, "send 1 number 0 to 100", d.say(100))
	d.closed(1)
	require.Contains(t, d.called(96, 200, "x:1"), "opened", "a stranger is forgotten at its end")

	d = newDesk(t)
	d.speaker.state = ensemble.Following
	require.Equal(t, "close 1", d.called(1, 2, ""), "a stranger without an address")
	require.Equal(t, "close 2; dial 2 x:1", d.called(2, 2, "x:1"))
	require.Len(t, d.l.peers, 5)
	d.failed(2)
	require.Len(t, d.l.peers, 4)
	require.Equal(t, "close 4; dial 2 x:1", d.called(4, 2, "x:1"))
	require.Equal(t, "hello 5 5@me:3888; opened 5 of 2", d.connected(5, 2))
	d.l.Say(d.now, 2)
	require.Equal(t, "send 5 number 0 to 2", d.wrote(5))
	require.Equal(t, "close 5; bad message 5 of 2", d.event(
		LinkEvent{Kind: Message, Link: 5, Data: []byte{0, 0, 0, 2, 1, 2}}))
	require.Len(t, d.l.peers, 4)
	require.Empty(t, d.say(2), "who is not here cannot be told")
}

func TestAnObserverIsAnsweredTenTimesASecond(t *testing.T) {
	d := newDesk(t)
	d.speaker.state = ensemble.Following
	d.called(1, 9, "x:1")
	require.Equal(t, "send 1 number 0 to 9", d.say(9))
	d.wrote(1)
	require.Empty(t, d.say(9))
	require.Equal(t, "100ms: send 1 number 0 to 9", d.pass(time.Second))
	d.called(2, 7, "x:1")
	require.Equal(t, "send 2 number 0 to 7", d.say(7))
	d.wrote(2)
	require.Equal(t, "send 2 number 0 to 7", d.say(7), "a voter at once")
}

func TestDown(t *testing.T) {
	d := newDesk(t)
	require.False(t, d.l.Down(7), "nobody has tried yet")
	require.True(t, d.l.Down(1000))
	d.say(7)
	require.False(t, d.l.Down(7), "it is being dialled")
	d.failed(7)
	require.True(t, d.l.Down(7))
	d.now = time.Second
	d.say(7)
	d.connected(1, 7)
	require.False(t, d.l.Down(7), "it has our hello")
	d.closed(1)
	require.False(t, d.l.Down(7))
	d.now += redialAfter
	d.l.now = d.now
	require.True(t, d.l.Down(7), "and did not dial back")
	d.say(7)
	d.connected(10, 7)
	require.False(t, d.l.Down(7))
	d.event(LinkEvent{Kind: Closed, Link: 9, Err: io.ErrUnexpectedEOF})
	require.False(t, d.l.Down(7), "that was another connection")
	d.event(LinkEvent{Kind: Closed, Link: 10, Err: io.ErrUnexpectedEOF})
	require.True(t, d.l.Down(7), "nobody has read our hello")
	d.called(2, 7, "x:1")
	require.False(t, d.l.Down(7))
	d.speaker.state = ensemble.Following
	d.closed(2)
	require.True(t, d.l.Down(7))
	d.called(3, 3, "x:1")
	d.failed(3)
	d.called(4, 3, "x:1")
	require.False(t, d.l.Down(3), "it is about to be dialled back")
}

func TestAConnectionThatNobodyAskedForIsClosed(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, "close 1", d.connected(1, 3))
	require.Equal(t, "close 2", d.connected(2, 1000))
	require.Empty(t, d.failed(1000)+d.wrote(3)+d.closed(3))
}

// cut gives the sizes of messages that a cutter finds in a stream.
func cut(accepted bool, stream []byte) (sizes []int, err error) {
	c := NewCutter(accepted)
	for len(stream) > 0 {
		size := 0
		for seen := 0; size == 0; seen++ {
			if seen > len(stream) {
				return sizes, nil
			}
			if seen > HeadBytes {
				return sizes, fmt.Errorf("%d bytes are not enough", seen)
			}
			if size, err = c.Size(stream[:seen]); err != nil {
				return sizes, err
			}
		}
		sizes = append(sizes, size)
		stream = stream[min(size, len(stream)):]
	}
	return sizes, nil
}

func TestCutter(t *testing.T) {
	hello := appendHello(nil, 5, ports("me:3888")[0])
	frame := appendFrame(nil, &ensemble.Notification{Version: 2, Config: []byte("version=0")})
	both := append(append([]byte{}, hello...), frame...)
	sizes, err := cut(true, append(both, frame...))
	require.NoError(t, err)
	require.Equal(t, []int{27, 4 + 44 + 9, 4 + 44 + 9}, sizes)
	sizes, err = cut(true, append(make([]byte, 8), frame...))
	require.NoError(t, err)
	require.Equal(t, []int{8, 4 + 44 + 9}, sizes, "a bare id")
	for _, n := range []uint32{0, ensemble.MaxElectionFrame + 1, math.MaxUint32, 1 << 31} {
		head := []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
		_, err = cut(false, head)
		require.ErrorIs(t, err, ErrFrame)
	}
	sizes, err = cut(false, []byte{0, 8, 0, 0})
	require.NoError(t, err)
	require.Equal(t, []int{4 + ensemble.MaxElectionFrame}, sizes)
	sizes, err = cut(true, []byte("GET / HTTP/1.1\r\n\r\n"))
	require.ErrorIs(t, err, ErrFrame)
	require.Equal(t, []int{8}, sizes, "a bare id, and then an endless frame of letters")
	_, err = cut(true, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5,
		0, 0, 8, 1})
	require.ErrorIs(t, err, jute.ErrLength)
}

// Two servers whose files differ can each find a quorum of their own. Addresses may differ, and
// observers.
func TestOtherQuorumsAreNoted(t *testing.T) {
	d := newDesk(t)
	d.called(4, 7, "")
	text := func(host string, voters ...int) ensemble.Notification {
		lines := "server.9=o:1:2:observer\n"
		for _, sid := range voters {
			lines += fmt.Sprintf("server.%d=%s:1:2:participant\n", sid, host)
		}
		return ensemble.Notification{Version: 2, Config: []byte(lines + "version=0")}
	}
	same, other := text("a", 1, 3, 5, 7), text("a", 1, 3, 7)
	require.Empty(t, d.hears(4, same))
	require.Empty(t, d.hears(4, text("b", 7, 5, 3, 1)))
	require.Empty(t, d.hears(4, ensemble.Notification{}))
	require.Empty(t, d.hears(4, ensemble.Notification{Version: 2, Config: []byte("nonsense")}))
	require.Equal(t, "other quorums 4 of 7; which are [1 3 7]", d.hears(4, other))
	require.Empty(t, d.hears(4, other), "once")
	require.Empty(t, d.hears(4, same))
	require.Equal(t, "other quorums 4 of 7; which are [1 3 7]", d.hears(4, other))
}

// Bytes that are no message end the connection before anything of them comes here.
func TestWhatCannotBeReadIsNoted(t *testing.T) {
	d := newDesk(t)
	require.Empty(t, d.event(LinkEvent{Kind: Accepted, Link: 3}))
	bad := func(link LinkID, why error) string {
		return d.event(LinkEvent{Kind: Closed, Link: link, Err: fmt.Errorf("from h:1: %w", why)})
	}
	require.Equal(t, "bad hello 3 of 0", bad(3, &jute.DecodeError{Record: "Hello"}))
	d.called(4, 7, "")
	require.Contains(t, bad(4, ErrFrame), "bad message 4 of 7")
	d.called(5, 7, "")
	require.NotContains(t, bad(5, io.ErrUnexpectedEOF), "bad", "a connection that broke")
}

// Of two servers with one number the newer connection is kept. That it takes a place is told.
func TestAConnectionThatTakesAPlaceIsNoted(t *testing.T) {
	d := newDesk(t)
	var old []LinkID
	for link := LinkID(4); link < 6; link++ {
		d.event(LinkEvent{Kind: Accepted, Link: link})
		d.l.Step(d.now, LinkEvent{Kind: Message, Link: link, Data: jute.Append(nil,
			&ensemble.Hello{Version: ensemble.HelloBare, Sid: 7})})
		for _, n := range d.l.Take().Notes {
			old = append(old, n.Old)
		}
	}
	require.Equal(t, []LinkID{0, 4}, old)
}
