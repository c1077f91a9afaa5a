package registry

import "testing"

func TestWhichNamesSayTheirRegistry(t *testing.T) {
	for name, want := range map[string]string{
		"web": "", "team/web:7": "", "web.local": "", "Not A Name": "",
		"docker.io/library/web": "docker.io", "example.org/web": "example.org",
		"example.org:5000/web": "example.org:5000", "localhost/web": "localhost",
	} {
		host, ok := Of(name)
		if ok != (want != "") || ok && host != want {
			t.Errorf("%s: got %q, %t; want %q", name, host, ok, want)
		}
	}
}

func TestTheRegistryOfANameThatSaysNoneIsDockerHub(t *testing.T) {
	if host, _ := Of("team/web"); host != Hub {
		t.Errorf("got %q", host)
	}
}

func TestRenameMovesAnImageAndKeepsItsTag(t *testing.T) {
	for _, c := range [][3]string{
		{"shop/web:7", "example.org", "example.org/shop/web:7"},
		{"web", "example.org:5000/team/", "example.org:5000/team/web"},
		{"old.example/shop/web:7", "docker.io", "docker.io/shop/web:7"},
	} {
		if got, err := Rename(c[0], c[1]); err != nil || got != c[2] {
			t.Errorf("%s in %s: got %q, %v; want %q", c[0], c[1], got, err, c[2])
		}
	}
	if _, err := Rename("Not A Name", "example.org"); err == nil {
		t.Error("a name that is none was renamed")
	}
}

func TestAPrefixIsARegistry(t *testing.T) {
	for prefix, good := range map[string]bool{
		"docker.io": true, "example.org:5000": true, "example.org/team": true, "localhost": true, "[::1]:5000": true,
		"team": false, "https://example.org": false, "": false, "example.org/Team": false, "example.org:7/team:8": false,
	} {
		if err := CheckPrefix(prefix); (err == nil) != good {
			t.Errorf("%q: got %v", prefix, err)
		}
	}
}

func TestTagsAndDigests(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	if got, err := Tagged("example.org/web"); err != nil || got != "example.org/web:latest" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Tagged("example.org/web@" + digest); err == nil {
		t.Error("an image with a digest in its name can't be built")
	}
	if got, err := Pinned("example.org:5000/web:7", digest); err != nil || got != "example.org:5000/web@"+digest {
		t.Errorf("got %q, %v", got, err)
	}
	if got := DigestOf("web:7@" + digest); got != digest {
		t.Errorf("got %q", got)
	}
	if got := DigestOf("web:7"); got != "" {
		t.Errorf("got %q", got)
	}
}
