package main

import (
	"bytes"
	"fmt"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// wanted are the packets that the script leads to; the two of a reconfig are not among them.
//
// read-only: a list.
var wanted = []ensemble.PacketType{
	ensemble.PacketRequest, ensemble.PacketProposal, ensemble.PacketAck, ensemble.PacketCommit,
	ensemble.PacketPing, ensemble.PacketRevalidate, ensemble.PacketSync, ensemble.PacketInform,
	ensemble.PacketNewLeader, ensemble.PacketFollowerInfo, ensemble.PacketUpToDate,
	ensemble.PacketDiff, ensemble.PacketTrunc, ensemble.PacketSnap, ensemble.PacketObserverInfo,
	ensemble.PacketLeaderInfo, ensemble.PacketAckEpoch,
}

// complete says what is missing in a recording.
func complete(calls []*call) error {
	packets := map[ensemble.PacketType]int{}
	hellos, answered := map[ensemble.HelloVersion]int{}, false
	for _, c := range calls {
		if c.port == "quorum" {
			count(c.dialer, packets)
			count(c.listener, packets)
			continue
		}
		var h ensemble.Hello
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
	if hellos[ensemble.HelloV1] == 0 || hellos[ensemble.HelloV2] == 0 || !answered {
		return fmt.Errorf("no election was recorded, run it again: %v", hellos)
	}
	return nil
}

// count takes the packets of one side apart; behind SNAP comes a snapshot.
func count(in []byte, packets map[ensemble.PacketType]int) {
	for len(in) > 0 {
		var p ensemble.QuorumPacket
		n, err := jute.Decode(in, &p)
		if err != nil {
			return
		}
		packets[p.Type]++
		in = in[n:]
		if p.Type == ensemble.PacketSnap {
			end := jute.AppendString(nil, ensemble.SnapSignature)
			_, in, _ = bytes.Cut(in, end)
		}
	}
}
