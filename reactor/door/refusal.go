package door

// Refusal says why a connection was turned away before it had a stream.
type Refusal uint8

const (
	// ByAddress: the client's address has Limits.ByAddress open.
	ByAddress Refusal = iota
	// ByTotal: Limits.Total are open.
	ByTotal
	// ByDescriptors: as many are open as the limit of open files allows, or accept found no
	// descriptor free.
	ByDescriptors
	// ByLane: the connection had come to its loop, and the protocol wants no stream of it.
	ByLane
	// ByKernel: accept or the adoption by a loop failed for another reason.
	ByKernel
	// Refusals is how many reasons there are.
	Refusals
)

// String is the reason as a metric's label.
func (r Refusal) String() string {
	return [...]string{"address", "total", "descriptors", "lane", "kernel",
		"unknown"}[min(r, Refusals)]
}
