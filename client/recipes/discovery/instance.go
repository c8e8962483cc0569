package discovery

import (
	"fmt"
	"strings"
	"time"

	"quoll/client"
)

// Instance is one instance of a service. T is what the service tells of its instances besides; it
// is written by encoding/json. A T with a method Weight() int or Load() float64 tells Pick of it.
type Instance[T any] struct {
	Name    string // of the service
	ID      string // of the instance; Register makes one up if it is empty
	Address string
	Port    int // 0: none
	SSLPort int // 0: none
	Payload T

	// PayloadClass is the Java class of the payload, which Curator needs to read one that is not a
	// string, a boolean, a number or an object. An object without one is a map to it.
	PayloadClass string
	Registered   time.Time // to the millisecond; Register fills in the present
	Type         Type
	URI          string // a pattern such as "{scheme}://{address}:{port}"
	Disabled     bool   // is not picked; Curator knows of it if it is told to
}

// Type is what becomes of an instance's node when its process ends.
type Type uint8

// The types.
const (
	Dynamic           Type = iota // it goes with the session
	Static                        // it stays
	Permanent                     // it stays
	DynamicSequential             // Curator's: a dynamic one with a number behind its id
)

// typeNames are those of Curator's ServiceType.
//
// read-only: a table of names.
var typeNames = [...]string{"DYNAMIC", "STATIC", "PERMANENT", "DYNAMIC_SEQUENTIAL"}

func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// check says whether the instance can be registered.
func (in *Instance[T]) check() error {
	refuse := func(why string, v any) error {
		return fmt.Errorf("%w: %s %v", client.ErrBadArguments, why, v)
	}
	switch {
	case in.Name == "" || strings.Contains(in.Name, "/"):
		return refuse("not a name of a node:", in.Name)
	case strings.Contains(in.ID, "/"):
		return refuse("not a name of a node:", in.ID)
	case in.Type > Permanent:
		return refuse("its node would have another name than its id:", in.Type)
	case in.Port < 0 || in.SSLPort < 0:
		return refuse("ports", []int{in.Port, in.SSLPort})
	}
	_, err := parseURI(in.URI)
	return err
}
