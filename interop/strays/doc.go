// Package strays proves what this repository believes about names: the table of package
// persistence/names has a column of what Apache ZooKeeper 3.9.5 finds in each name, and here that
// column is asked of Apache's own classes, as is what Apache does with files under such names.
//
// Then copies are left beside the files of directories that both servers made, in every place and
// of many kinds: this server has every node that was acknowledged, or refuses and names the file;
// and no file that is not its own is gone afterwards.
//
//	Oracle.java  one JVM that answers lines: what a name is, what a directory restores to
//
// There are tests only: oracle_test.go talks to the JVM, strays_test.go asks.
package strays
