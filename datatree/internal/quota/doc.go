// Package quota has the two things that ZooKeeper's quotas are made of: the text that limit and
// stat nodes hold (StatsTrack), and the set of paths that have a quota, with the longest-prefix
// search in it (PathTrie). Where the numbers come from is the tree's business.
package quota
