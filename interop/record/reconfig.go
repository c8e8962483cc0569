package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"quoll/client/wire"
	"quoll/interop/apache"
	"quoll/interop/process"
	"quoll/jute"
)

// reconfigs asks an ensemble of one server of Apache's for one reconfig after the other, and writes
// the text before, the request, the error code and the text after. Members that join and do not
// vote need not be there.
func reconfigs(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "quoll-record-")
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "myid"), []byte("1"), 0o644); err != nil {
		return fmt.Errorf("myid: %w", err)
	}
	port, err := process.FreePort()
	if err != nil {
		return err
	}
	own := fmt.Sprintf("127.0.0.1:%d:%d:participant;127.0.0.1:%d", port+1, port+2, port)
	server, err := apache.Start(ctx, apache.Options{DataDir: dir, Port: port,
		ReadyWithin: 2 * time.Minute,
		ExtraConfig: map[string]string{
			"server.1": own, "standaloneEnabled": "false", "reconfigEnabled": "true",
			"initLimit": "20", "syncLimit": "10", "tickTime": "500", "skipACL": "yes",
		}})
	if err != nil {
		return err
	}
	defer server.Kill()
	c, err := wire.Dial(ctx, server.Addr(), wire.Options{PingEvery: time.Second})
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer c.Abort()
	for _, r := range changes(own) {
		if err := reconfig(ctx, c, r, out); err != nil {
			return err
		}
	}
	return nil
}

func changes(own string) []jute.ReconfigRequest {
	join := func(text string) jute.ReconfigRequest {
		return jute.ReconfigRequest{JoiningServers: []byte(text), CurConfigID: -1}
	}
	leave := func(text string) jute.ReconfigRequest {
		return jute.ReconfigRequest{LeavingServers: []byte(text), CurConfigID: -1}
	}
	members := func(text string) jute.ReconfigRequest {
		return jute.ReconfigRequest{NewMembers: []byte(text), CurConfigID: -1}
	}
	const o = ":observer;0.0.0.0:3"
	me := "server.1=" + own
	return []jute.ReconfigRequest{
		{CurConfigID: 7}, {CurConfigID: 0}, {CurConfigID: -1},
		join("server.5=10.0.0.5:1:2" + o),
		join("server.17=10.0.0.17:1:2" + o + ",server.2=a.invalid:1:2" + o),
		join(" server.33 = 10.0.0.33:1:2" + o + " , "), join("server.18=10.0.0.5:1:9" + o),
		join("server.18=10.0.0.18:9:1;10.0.0.5:2"),
		join("server.18=10.0.0.18:9:8:observer;10.0.0.5:1"),
		join("server.5=10.0.0.5:1:2:observer;4"), join("server.18=[::ffff:10.0.0.5]:1:9" + o),
		join("server.18=10.0.0.18:1:2"), join("server.18=10.0.0.18:1"), join("server.18"),
		join("="), join("18=10.0.0.18:1:2" + o), join("server.x=10.0.0.18:1:2" + o),
		join("server.18=10.0.0.18:1:x" + o), join("server.19=10.0.0.19:1:70000" + o),
		join("server.20=10.0.0.20:1:2;3"), join(""), join("server.1=127.0.0.1:1:2:observer;3"),
		leave("x"), leave("77"), leave("18, 5 ,"), leave("1"), leave(""),
		{
			JoiningServers: []byte("server.6=10.0.0.6:1:2" + o), LeavingServers: []byte("17,6"),
			CurConfigID: -1,
		},
		members(me), members(me + ",server.7=10.0.0.7:1:2" + o),
		members(me + "\nserver.7=10.0.0.7:1:2:observer\nversion=77"), members("tickTime=5"),
		members(""), members("server.7=10.0.0.7:1:2" + o), members("server.x=a:1:2"),
		members("server.1=a"), members(me + ",server.8=10.0.0.8:1:2,server.9=10.0.0.9:1:2"),
		members(me + ",weight.1=2"), members(me + ",group.1=1:9"),
		members(me + ",group.1=1,server.4=10.0.0.4:1:2" + o), join("server.5=10.0.0.5:1:2" + o),
		members("version=5," + me), leave("4"), members(me + ",server.2=10.0.0.2:1:2" + o),
		join("server.9=10.0.0.9:1:2" + o),
	}
}

func reconfig(ctx context.Context, c *wire.Conn, r jute.ReconfigRequest, out io.Writer) error {
	before, _, err := c.Get(ctx, "/zookeeper/config", false)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	h, _, err := c.Send(jute.OpReconfig, &r).Wait(ctx)
	if err != nil {
		return fmt.Errorf("reconfig %s: %w", jute.Format(&r), err)
	}
	after, _, err := c.Get(ctx, "/zookeeper/config", false)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	_, err = fmt.Fprintf(out, "%x %x %d %x\n", before, jute.Append(nil, &r), int32(h.Err), after)
	return err
}
