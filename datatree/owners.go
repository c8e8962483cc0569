package datatree

import (
	"quoll/datatree/internal/store"
	"quoll/jute"
)

// owners knows the nodes that may be deleted although no client asks for it: the ephemerals of each
// session, containers, TTL nodes.
type owners struct {
	// A session keeps its entry, empty, until it is closed: dump shows it, as in ZooKeeper.
	ephemerals map[jute.SessionID]*idSet
	ephemeral  int // nodes in all of ephemerals
	containers idSet
	ttls       idSet
}

func newOwners() owners { return owners{ephemerals: map[jute.SessionID]*idSet{}} }

func (o *owners) add(kind Kind, owner jute.SessionID, id store.ID) {
	switch kind {
	case KindContainer:
		o.containers.add(id)
	case KindTTL:
		o.ttls.add(id)
	case KindEphemeral:
		set := o.ephemerals[owner]
		if set == nil {
			set = &idSet{}
			o.ephemerals[owner] = set
		}
		set.add(id)
		o.ephemeral++
	}
}

func (o *owners) remove(kind Kind, owner jute.SessionID, id store.ID) {
	switch kind {
	case KindContainer:
		o.containers.remove(id)
	case KindTTL:
		o.ttls.remove(id)
	case KindEphemeral:
		if set := o.ephemerals[owner]; set != nil && set.remove(id) {
			o.ephemeral--
		}
	}
}

// forget drops the list of a session's ephemerals and returns it.
func (o *owners) forget(session jute.SessionID) []store.ID {
	set := o.ephemerals[session]
	if set == nil {
		return nil
	}
	delete(o.ephemerals, session)
	o.ephemeral -= len(set.ids)
	return set.ids
}

// idSet is a set whose order depends on nothing but its history.
type idSet struct {
	ids   []store.ID
	place map[store.ID]int // nil while the set is small
}

// small is how many members a set may have and still be searched one by one.
const small = 16

func (s *idSet) add(id store.ID) {
	s.ids = append(s.ids, id)
	if s.place != nil {
		s.place[id] = len(s.ids) - 1
	} else if len(s.ids) > small {
		s.place = make(map[store.ID]int, 2*small)
		for i, id := range s.ids {
			s.place[id] = i
		}
	}
}

func (s *idSet) remove(id store.ID) bool {
	i, ok := s.find(id)
	if !ok {
		return false
	}
	last := len(s.ids) - 1
	s.ids[i] = s.ids[last]
	s.ids = s.ids[:last]
	if s.place != nil {
		delete(s.place, id)
		if i < last {
			s.place[s.ids[i]] = i
		}
	}
	return true
}

func (s *idSet) find(id store.ID) (int, bool) {
	if s.place != nil {
		i, ok := s.place[id]
		return i, ok
	}
	for i, x := range s.ids {
		if x == id {
			return i, true
		}
	}
	return 0, false
}
