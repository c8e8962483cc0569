// Package mirror has the verb mirror: it makes one tree like another one, once or for as long as it
// runs.
//
// A pass reads both trees side by side and writes what differs. Before it, the trees are counted
// without their data. That tells how many nodes --delete would delete, and the highest zxid of SRC:
// whatever has a lower one was there before the pass began, so that the next pass need not read its
// data again (--state).
//
// With --follow, a recursive watch on SRC tells which path has changed; what is there now is
// written, whatever the event was. When events were missed there is another pass.
//
// Read mirror.go, then pass.go, follow.go, state.go and pace.go.
package mirror
