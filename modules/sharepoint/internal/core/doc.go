// Package core has the rules and use cases of SharePoint items, and the ports
// they need.
package core
