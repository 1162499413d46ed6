package config

import (
	"net/url"
	"strings"
)

// originProblem says what is wrong with one of n origins; "" when nothing is.
// An origin is compared to the letter with what a browser sends.
func originProblem(origin string, n int) string {
	if origin == "*" {
		if n > 1 {
			return "stands for every origin, so it stands alone"
		}
		return ""
	}
	u, err := url.Parse(origin)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.Scheme+"://"+u.Host != origin,
		strings.Contains(origin, "*"), origin != strings.ToLower(origin):
		return "is no origin such as https://app.example.com, in small letters and without a path; commas separate several"
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		return "names the port that browsers leave out; leave it out"
	}
	return ""
}
