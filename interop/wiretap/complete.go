package main

import (
	"bytes"
	"fmt"

	"quoll/jute"
)

// wanted are the packets that the script leads to; the two of a reconfig are not among them.
//
// read-only: a list.
var wanted = []jute.PacketType{
	jute.PacketRequest, jute.PacketProposal, jute.PacketAck, jute.PacketCommit, jute.PacketPing,
	jute.PacketRevalidate, jute.PacketSync, jute.PacketInform, jute.PacketNewLeader,
	jute.PacketFollowerInfo, jute.PacketUpToDate, jute.PacketDiff, jute.PacketTrunc,
	jute.PacketSnap, jute.PacketObserverInfo, jute.PacketLeaderInfo, jute.PacketAckEpoch,
}

// complete says what is missing in a recording.
func complete(calls []*call) error {
	packets := map[jute.PacketType]int{}
	hellos, answered := map[jute.HelloVersion]int{}, false
	for _, c := range calls {
		if c.port == "quorum" {
			count(c.dialer, packets)
			count(c.listener, packets)
			continue
		}
		var h jute.Hello
		if _, err := jute.Decode(c.dialer, &h); err == nil {
			hellos[h.Version]++
			answered = answered || len(c.listener) > 0
		}
	}
	for _, t := range wanted {
		if packets[t] == 0 {
			return fmt.Errorf("no %v was recorded, run it again: %v", t, packets)
		}
	}
	if hellos[jute.HelloV1] == 0 || hellos[jute.HelloV2] == 0 || !answered {
		return fmt.Errorf("no election was recorded, run it again: %v", hellos)
	}
	return nil
}

// count takes the packets of one side apart; behind SNAP comes a snapshot.
func count(in []byte, packets map[jute.PacketType]int) {
	for len(in) > 0 {
		var p jute.QuorumPacket
		n, err := jute.Decode(in, &p)
		if err != nil {
			return
		}
		packets[p.Type]++
		in = in[n:]
		if p.Type == jute.PacketSnap {
			end := jute.AppendString(nil, jute.SnapSignature)
			_, in, _ = bytes.Cut(in, end)
		}
	}
}
