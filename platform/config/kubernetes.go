package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
)

// serviceLinks are the variables that Kubernetes gives to the pods beside a
// Service whose name begins with "parley".
var serviceLinks = regexp.MustCompile(
	`^PARLEY_(?:[A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$`,
)

// isServiceLink reports whether Kubernetes has set the variable, which nobody
// meant as a setting. The value has to look like it, too: a misspelt setting
// is still a mistake.
func isServiceLink(name, value string) bool {
	if !serviceLinks.MatchString(name) {
		return false
	}
	if u, err := url.Parse(value); err == nil && u.Host != "" {
		switch u.Scheme {
		case "tcp", "udp", "sctp":
			return true
		}
	}
	if _, err := netip.ParseAddr(value); err == nil {
		return true
	}
	if _, err := strconv.ParseUint(value, 10, 16); err == nil {
		return true
	}
	switch value {
	case "tcp", "udp", "sctp":
		return true
	}
	return false
}
