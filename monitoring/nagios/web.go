package nagios

import (
	"fmt"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

func cgiConf(m monitoring.Model) string {
	operators, viewers, all := users(m, "operator"), users(m, "viewer"), users(m, "")
	settings := [][2]string{
		{"main_config_file", monitoring.Current + "/nagios.cfg"},
		{"physical_html_path", "/usr/share/nagios4/htdocs"},
		{"url_html_path", "/nagios4"},
		{"use_authentication", "1"},
		{"use_ssl_authentication", "0"},
		{"lock_author_names", "1"},
		{"escape_html_tags", "1"},
		{"show_context_help", "0"},
		{"enable_page_tour", "0"},
		{"use_pending_states", "1"},
		{"refresh_rate", "30"},
		{"result_limit", "100"},
		{"authorized_for_system_information", all},
		{"authorized_for_configuration_information", operators},
		{"authorized_for_all_hosts", all},
		{"authorized_for_all_services", all},
		{"authorized_for_system_commands", operators},
		{"authorized_for_all_host_commands", operators},
		{"authorized_for_all_service_commands", operators},
		{"authorized_for_read_only", viewers},
	}
	var kept [][2]string
	for _, s := range settings {
		if s[1] != "" {
			kept = append(kept, s)
		}
	}
	return keyed(kept)
}

// users are the names of those with the role, or of all.
func users(m monitoring.Model, role string) string {
	var names []string
	for _, u := range m.Web.Users {
		if role == "" || u.Role == role {
			names = append(names, u.Name)
		}
	}
	return strings.Join(names, ",")
}

func htpasswd(m monitoring.Model) string {
	var b strings.Builder
	for _, u := range m.Web.Users {
		fmt.Fprintf(&b, "%s:%s\n", u.Name, u.PasswordHash)
	}
	return b.String()
}

// apacheConf is the only site. Everything needs a login; commands need an
// operator's, which Nagios checks once more by itself.
func apacheConf(m monitoring.Model) string {
	host := m.Web.Host
	if host == "" {
		host = m.MonitorAddress()
	}
	operators := strings.ReplaceAll(users(m, "operator"), ",", " ")
	command := "Require user " + operators
	if operators == "" {
		command = "Require all denied"
	}
	return strings.NewReplacer(
		"@HOST@", host, "@CURRENT@", monitoring.Current, "@CERT@", monitoring.WebCert, "@KEY@", monitoring.WebKey,
		"@CHECKS@", monitoring.Checks, "@COMMAND@", command,
	).Replace(apacheText)
}

const apacheText = `# Made by swarmctl; changes are lost.
ServerName @HOST@
ServerTokens Prod
ServerSignature Off
TraceEnable Off

<VirtualHost *:80>
    Redirect permanent / https://@HOST@/
</VirtualHost>

<VirtualHost *:443>
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCipherSuite HIGH:!aNULL:!MD5:!SHA1:!kRSA
    SSLHonorCipherOrder on
    SSLCertificateFile @CERT@
    SSLCertificateKeyFile @KEY@

    Header always set Strict-Transport-Security "max-age=31536000"
    Header always set X-Content-Type-Options nosniff
    Header always set X-Frame-Options SAMEORIGIN
    Header always set Referrer-Policy same-origin

    SetEnv NAGIOS_CGI_CONFIG @CURRENT@/cgi.cfg
    SetEnv MONITORING_RELEASE @CURRENT@
    DocumentRoot /usr/share/nagios4/htdocs

    ScriptAliasMatch ^/$ /usr/lib/cgi-bin/swarmctl-monitoring/overview.cgi
    ScriptAlias /nagios4/cgi-bin /usr/lib/cgi-bin/nagios4
    ScriptAlias /cgi-bin/nagios4 /usr/lib/cgi-bin/nagios4
    Alias /nagios4/stylesheets /etc/nagios4/stylesheets
    Alias /nagios4 /usr/share/nagios4/htdocs

    <Location />
        AuthType Basic
        AuthName "Monitoring"
        AuthBasicProvider file
        AuthUserFile @CURRENT@/htpasswd
        Require valid-user
        # Who is known and may not is told so, and not asked for a password again.
        AuthzSendForbiddenOnFailure On
    </Location>
    <Location /nagios4/cgi-bin/cmd.cgi>
        @COMMAND@
    </Location>
    <Location /cgi-bin/nagios4/cmd.cgi>
        @COMMAND@
    </Location>
    <DirectoryMatch "^(/usr/share/nagios4/htdocs|/usr/lib/cgi-bin/(nagios4|swarmctl-monitoring)|/etc/nagios4/stylesheets)">
        Options FollowSymLinks ExecCGI
        DirectoryIndex index.php index.html
        AllowOverride None
    </DirectoryMatch>
</VirtualHost>
`
