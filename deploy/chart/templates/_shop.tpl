{{- define "shop.labels" -}}
app.kubernetes.io/part-of: shop
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The password in the Secret `name` if it exists, else a new one. */}}
{{- define "shop.password" -}}
{{- $known := (lookup "v1" "Secret" .namespace .name).data | default dict }}
{{- if $known.password }}{{ b64dec $known.password }}{{ else }}{{ randAlphaNum 32 }}{{ end }}
{{- end }}
