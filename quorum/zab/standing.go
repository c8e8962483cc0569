package zab

import "quoll/jute"

// Standing is what a server has when a role begins or ends.
type Standing struct {
	Accepted int64     // the accepted epoch: it follows no leader of a lower one
	Current  int64     // the current epoch: its history is that of this epoch's leader
	Last     jute.Zxid // the last transaction of the own log
	Applied  jute.Zxid // the last one that the tree holds
}
