// Package quota has the two parts of ZooKeeper's quotas: the text that limit and stat nodes hold
// (StatsTrack), and the set of paths that have a quota, with the longest-prefix search in it
// (PathTrie). The tree supplies the numbers.
package quota
