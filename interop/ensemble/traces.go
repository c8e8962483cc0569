package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// What Apache's servers log of a synchronisation: the learner says what it gets, the leader where
// it takes it from.
var (
	learnerGets = regexp.MustCompile(`Getting a (diff|snapshot)|(Truncating) log`)
	leaderBegan = regexp.MustCompile(`Synchronizing with Learner sid: (\d+) `)
	leaderSends = regexp.MustCompile(`Sending (DIFF|TRUNC)|Sending (snapshot)|Use (txnlog) and`)
)

// traced is how a member was brought up to date the last time that it joined, as Apache's logs say
// on either side: "" when there is no such log.
func (s *stage) traced(leader, joiner int) string {
	if text := lastStart(s.Member(joiner).LogFile); text != "" {
		all := learnerGets.FindAllStringSubmatch(text, -1)
		if len(all) > 0 {
			last := all[len(all)-1]
			return strings.ToLower(last[1] + last[2])
		}
	}
	text, err := os.ReadFile(s.Member(leader).LogFile)
	if err != nil {
		return ""
	}
	at := -1
	for _, found := range leaderBegan.FindAllSubmatchIndex(text, -1) {
		if string(text[found[2]:found[3]]) == fmt.Sprint(joiner) {
			at = found[1]
		}
	}
	if at < 0 {
		return ""
	}
	found := leaderSends.FindSubmatch(text[at:])
	if found == nil {
		return ""
	}
	return strings.ToLower(string(found[1]) + string(found[2]) + string(found[3]))
}

// lastStart is what a member has logged since it was started the last time.
func lastStart(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	all := string(text)
	return all[max(0, strings.LastIndex(all, "---- start")):]
}

// wants are the words of traced that fit a mode. Our leader sends TRUNC and what follows where
// Apache's sends a snapshot.
func (m mode) wants() []string {
	return [][]string{{"diff"}, {"txnlog", "diff"}, {"truncating", "trunc"},
		{"snapshot", "truncating", "trunc"}, {"snapshot"}}[m]
}
