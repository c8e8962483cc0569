package reference

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"quoll/client/wire"
	"quoll/jute"
)

// maxFrame is jute.maxbuffer's default: the longest frame that a server takes.
const maxFrame = 0xfffff

// frames tries the longest frame and one byte more.
func frames(ctx context.Context, addr string) (Report, error) {
	var report Report
	for _, size := range []int{maxFrame - 1, maxFrame, maxFrame + 1} {
		c, err := dial(ctx, addr, "", wire.Options{})
		if err != nil {
			return nil, err
		}
		path := fmt.Sprintf("/frames-%d", size)
		if err := settle(ctx, []*wire.Future{create(c, path, wire.World())}); err != nil {
			return nil, err
		}
		set := jute.SetDataRequest{Path: []byte(path), Data: []byte{}, Version: -1}
		frame := jute.Append(nil, &jute.RequestHeader{Xid: 2, Type: jute.OpSetData})
		set.Data = make([]byte, size-len(frame)-len(jute.Append(nil, &set)))
		frame = jute.Append(frame, &set)
		_, err = c.SendFrame(frame).Into(ctx, nil)
		switch _, answered := isCode(err); {
		case len(frame) != size:
			return nil, fmt.Errorf("a frame of %d bytes, want %d", len(frame), size)
		case answered && err != nil:
			report.add("a frame of %d bytes: %v", size, err)
		case answered != (size <= maxFrame):
			report.add("a frame of %d bytes: answered %v (%v)", size, answered, err)
		}
		c.Abort()
	}
	return report, nil
}

// booleans tries bytes other than 0 and 1 where a boolean stands: each but 0 is true.
func booleans(ctx context.Context, addr string) (Report, error) {
	var report Report
	var h heard
	c, err := dial(ctx, addr, "", wire.Options{OnEvent: h.event})
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	for i, b := range []byte{0, 1, 2, 0x7f, 0x80, 0xff} {
		path := fmt.Sprintf("/booleans-%d", i)
		if err := settle(ctx, []*wire.Future{create(c, path, wire.World())}); err != nil {
			return nil, err
		}
		frame := jute.Append(nil, &jute.RequestHeader{Xid: int32(100 + i), Type: jute.OpGetData})
		frame = append(jute.AppendBuffer(frame, []byte(path)), b)
		set := &jute.SetDataRequest{Path: []byte(path), Version: -1}
		asked := []*wire.Future{c.SendFrame(frame), c.SendXid(1000, jute.OpSetData, set)}
		if err := settle(ctx, asked); err != nil {
			return nil, err
		}
		if told := len(h.all) > 0; told != (b != 0) {
			report.add("getData with the watch %#x leaves a watch: %v", b, told)
		}
		h.all = nil
		if err := connectWith(ctx, addr, b); err != nil {
			report.add("connect with the boolean %#x: %v", b, err)
		}
	}
	return report, nil
}

// connectWith shakes hands with a byte of its own for readOnly.
func connectWith(ctx context.Context, addr string, readOnly byte) error {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	request := jute.Append(jute.FrameStart(nil), &jute.ConnectRequest{
		TimeOut: 10_000, Passwd: make([]byte, 16), HasReadOnly: true,
	})
	request[len(request)-1] = readOnly
	jute.FrameEnd(request, 0)
	if _, err := nc.Write(request); err != nil {
		return err
	}
	var size [4]byte
	if _, err := io.ReadFull(nc, size[:]); err != nil {
		return err
	}
	reply := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(nc, reply); err != nil {
		return err
	}
	var r jute.ConnectResponse
	if _, err := jute.Decode(reply, &r); err != nil {
		return err
	}
	if r.SessionID == 0 || r.TimeOut <= 0 {
		return errors.New("no session")
	}
	return nil
}
