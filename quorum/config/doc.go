// Package config is the configuration of an ensemble.
//
// It is text for Apache: lines of zoo.cfg, a dynamic configuration file, the node /zookeeper/config
// and what servers send each other. All of it is in the format of java.util.Properties.
//
// Nothing here has goroutines or state.
package config
