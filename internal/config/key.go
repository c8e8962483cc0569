package config

// A Key describes one setting. No other place knows the setting. The tables of keys
// are in keys_*.go, one file for each theme.
type Key struct {
	// Name is the key in zoo.cfg. A name that ends in '*' is a family of keys:
	// server.1, server.2. Name is "" if zoo.cfg cannot set the key.
	Name string
	// Property is the full name of the Java system property. It is "" if only
	// zoo.cfg can set the key.
	Property string
	// Alias is an older name of the property. If both are set, Property wins.
	Alias   string
	Kind    Kind
	Unit    Unit
	Default string // in the form of zoo.cfg; "" is unset
	Verdict Verdict
	Reason  string // why the key is not honoured, or a remark for operators

	into func(*Config) any // the field it sets, as a pointer; nil when it has none
}

// ID is the name that messages use: Name, or Property if zoo.cfg cannot set the key.
func (k *Key) ID() string {
	if k.Name != "" {
		return k.Name
	}
	return k.Property
}

// Kind says how Apache reads a value, and what Apache does with a value that it cannot
// read: a key of zoo.cfg ends the start, a system property gets another value in
// silence.
type Kind uint8

// The kinds.
const (
	Text   Kind = iota
	Number      // zoo.cfg: 32 bits, decimal; anything else is an error
	Long        // the same with 64 bits
	Flag        // zoo.cfg: true or false in any case; anything else is an error
	OnOff       // a key of ours: on or off in any case; anything else is an error

	PropNumber   // 32 bits, also 0x10, #10 and 010; anything else is the default
	PropLong     // the same with 64 bits
	PropFlag     // "true" in any case; anything else is false
	PropFlagOn   // the same, but true when unset
	PropYes      // "yes" is true, anything else is false
	PropNotNo    // "no" is false, anything else is true
	PropNotFalse // "false" is false, anything else is true
	PropTrue     // "true" is true, anything else is false
	List         // words between commas
	Hidden       // text that nothing may print
)

// Unit is what a number counts.
type Unit string

// The units.
const (
	None    Unit = ""
	Millis  Unit = "ms"
	Seconds Unit = "s"
	Hours   Unit = "h"
	Bytes   Unit = "bytes"
	KiB     Unit = "KiB"
	Ticks   Unit = "ticks"
)

// Verdict is what Quoll does with a setting.
type Verdict uint8

// The verdicts.
const (
	Honoured Verdict = iota
	Warned           // accepted without effect; a value that is not the default gets a warning
	Refused          // the server does not start with a value that is not the default
)

func (v Verdict) String() string {
	switch v {
	case Warned:
		return "no effect"
	case Refused:
		return "refused"
	}
	return "honoured"
}

// Reasons that many keys share.
const (
	ensembleOnly = "of an ensemble; without effect on a server that runs alone"
	noTLS        = "TLS is not served yet"
	noSASL       = "SASL is not served yet"
	noAdmin      = "there is no AdminServer yet"
	javaThreads  = "sizes the threads and buffers of the Java server"
	noTracker    = "packets between members are not kept"
	noProvider   = "metrics are served by the four letter word mntr"
)

// Keys returns the description of every setting, by theme.
func Keys() []Key {
	var all []Key
	all = append(all, storageKeys()...)
	all = append(all, sessionKeys()...)
	all = append(all, networkKeys()...)
	all = append(all, throttleKeys()...)
	all = append(all, authKeys()...)
	all = append(all, saslKeys()...)
	all = append(all, featureKeys()...)
	all = append(all, observabilityKeys()...)
	all = append(all, adminKeys()...)
	all = append(all, quorumKeys()...)
	all = append(all, electionKeys()...)
	all = append(all, tlsKeys()...)
	return all
}

// prop completes a key that is also the system property zookeeper.<name>. Apache
// turns the line of zoo.cfg into this property.
func prop(k Key) Key {
	k.Property = prefix + k.Name
	return k
}

const prefix = "zookeeper."

// warned makes a key that has no effect and sets no field.
func warned(name string, kind Kind, unit Unit, preset, reason string) Key {
	return prop(Key{Name: name, Kind: kind, Unit: unit, Default: preset,
		Verdict: Warned, Reason: reason})
}

// refused makes a key that refuses the start and sets no field.
func refused(name string, kind Kind, preset, reason string) Key {
	return prop(Key{Name: name, Kind: kind, Default: preset, Verdict: Refused, Reason: reason})
}

// idle makes a key of an ensemble that has no field. Its value is checked, and what it means is
// asked for by its name.
func idle(name string, kind Kind, unit Unit, preset string) Key {
	return prop(Key{Name: name, Kind: kind, Unit: unit, Default: preset, Reason: ensembleOnly})
}

// native removes the system property, for a key that Apache reads from zoo.cfg only.
func native(k Key) Key {
	k.Property = ""
	return k
}
