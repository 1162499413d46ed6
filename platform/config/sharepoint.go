package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
)

// SharePoint is the URL of the files of SharePoint items: the configured one,
// or the directory sharepoint in the data directory.
func (c Config) SharePoint() (string, error) {
	if c.SharePointURL != "" {
		return c.SharePointURL, nil
	}
	dir, err := filepath.Abs(filepath.Join(c.DataDir, "sharepoint"))
	if err != nil {
		return "", fmt.Errorf("finding the data directory: %w", err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String(), nil
}

// secure reports whether a URL may carry secrets: over TLS, or within this
// machine.
func secure(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

func (c Config) checkSharePoint(p *problems) {
	u, err := url.Parse(c.SharePointURL)
	switch {
	case c.SharePointURL == "" || err == nil && u.Scheme == "file" && u.Host == "" && filepath.IsAbs(u.Path):
		return
	case err != nil || !secure(c.SharePointURL):
		p.add("PARLEY_SHAREPOINT_URL", "%q is neither an https URL of Microsoft Graph nor file:///path", c.SharePointURL)
		return
	}
	for name, value := range map[string]string{
		"PARLEY_SHAREPOINT_TENANT": c.SharePointTenant, "PARLEY_SHAREPOINT_CLIENT_ID": c.SharePointClientID,
		"PARLEY_SHAREPOINT_CLIENT_SECRET": c.SharePointClientSecret,
	} {
		if value == "" {
			p.add(name, "set it together with PARLEY_SHAREPOINT_URL")
		}
	}
	if !secure(c.SharePointLoginURL) {
		p.add("PARLEY_SHAREPOINT_LOGIN_URL", "%q is no https URL", c.SharePointLoginURL)
	}
	if c.SharePointOrganization < 1 {
		p.add("PARLEY_SHAREPOINT_ORGANIZATION", "it is the id of an organization")
	}
}
