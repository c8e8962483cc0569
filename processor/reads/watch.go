package reads

import (
	"slices"

	"quoll/jute"
	"quoll/processor/tell"
)

// watches answers checkWatches and removeWatches, which are about this connection's own watches.
func (rd *Reader) watches(a *Asking) jute.ErrorCode {
	var in jute.PathWatcher
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() || in.Type < jute.WatcherChildren || in.Type > jute.WatcherPersistentRecursive {
		return jute.MarshallingError
	}
	found := false
	if a.Type == jute.OpCheckWatches {
		found = a.View.HasWatch(watchKey(in.Path), in.Type, a.Watcher)
	} else {
		found = a.View.RemoveWatch(watchKey(in.Path), in.Type, a.Watcher)
	}
	if !found {
		return jute.NoWatcher
	}
	return jute.OK
}

// watchKey is the key of a path among the watches. A null path has a key of its own, which no text
// decodes to: where Java only looks at watches, null is a key like any other, and not the empty
// one.
func watchKey(path []byte) []byte {
	if path == nil {
		return []byte{0xff}
	}
	return path
}

// tooManyWatches refuses a watch if the server has as many as it may have.
func (rd *Reader) tooManyWatches(a *Asking) bool {
	if rd.MaxWatches <= 0 || a.View.WatchCount() < rd.MaxWatches {
		return false
	}
	rd.Counts.WatchesRefused.Add(1)
	a.Limited, a.Limit = tell.TooManyWatches, int64(rd.MaxWatches)
	return true
}

// watched is called when watches were set. The protocol has no error for too many bytes of their
// paths: the connection ends, and its watches with it.
func (rd *Reader) watched(a *Asking) {
	switch beyond := a.View.WatchesExceed(a.Watcher); {
	case beyond.Own > 0:
		a.Limited, a.Limit, a.Ends = tell.WatchBytes, beyond.Own, true
	case beyond.Total > 0:
		a.Limited, a.Limit, a.Ends = tell.WatchTotalBytes, beyond.Total, true
	}
	if a.Ends {
		rd.Counts.WatchBytesRefused.Add(1)
	}
}

// addWatch sets a persistent watch. The node need not exist, and its ACL is looked at when there is
// an event to deliver.
func (rd *Reader) addWatch(a *Asking) jute.ErrorCode {
	var in jute.AddWatchRequest
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() || in.Mode != jute.AddWatchPersistent && in.Mode != jute.AddWatchRecursive {
		return jute.MarshallingError
	}
	if rd.tooManyWatches(a) {
		return jute.SystemError
	}
	a.View.AddWatch(watchKey(in.Path), a.Watcher, in.Mode)
	rd.watched(a)
	a.Out = jute.Append(a.Out, &jute.ErrorResponse{})
	return jute.OK
}

// setWatches sets the watches of a client that came back again, and tells it of the changes that it
// missed. Those notifications carry no zxid.
func (rd *Reader) setWatches(a *Asking) jute.ErrorCode {
	in := jute.SetWatches{Two: a.Type == jute.OpSetWatches2}
	c := jute.Decoder(a.Body)
	in.Fields(&c)
	if c.Failed() {
		return jute.MarshallingError
	}
	code := untilNull(&in)
	if rd.tooManyWatches(a) {
		return jute.SystemError
	}
	a.View.SetWatches(a.Watcher, &in, func(event jute.EventType, path []byte) {
		a.Events = jute.AppendWatcherEvent(a.Events, -1, event, path)
	})
	rd.watched(a)
	return code
}

// untilNull cuts the lists off where Java would trip over a null. The watches before the null are
// set, and the request fails all the same.
func untilNull(in *jute.SetWatches) jute.ErrorCode {
	code := jute.OK
	lists := []*[][]byte{&in.Data, &in.Exist, &in.Child}
	looked := len(lists) // in the lists behind these a null path is a key like any other
	if in.Two {
		lists = append(lists, &in.Persistent, &in.PersistentRecursive)
	}
	for i, list := range lists {
		if i >= looked {
			for j, path := range *list {
				(*list)[j] = watchKey(path)
			}
		}
		switch {
		case code != jute.OK:
			*list = nil
		case *list == nil:
			code = jute.MarshallingError
		case i < looked:
			null := slices.IndexFunc(*list, func(path []byte) bool { return path == nil })
			if null >= 0 {
				*list, code = (*list)[:null], jute.MarshallingError
			}
		}
	}
	return code
}
