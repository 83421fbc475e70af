using System.Net;
using System.Text;
using LmGateway.Api.Http;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Help;

/// <summary>The list of routes for people.</summary>
internal static class HelpPage
{
    private const string Style =
        "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}"
        + "table{border-collapse:collapse;width:100%}td{padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd;vertical-align:top}"
        + "code{white-space:nowrap}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8bf}td{border-color:#444}}";

    public static async Task WriteAsync(HttpContext context, IReadOnlyList<DescribedRoute> routes)
    {
        var page = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        page.Append($"<title>{HelpText.Title}</title><style>{Style}</style></head><body><h1>{HelpText.Title} {Text(HealthReport.Version)}</h1><p>{Text(HelpText.Summary)}</p>");
        page.Append("<p><a href=\"docs\">Try the routes</a> · <a href=\"openapi.json\">OpenAPI</a> · <a href=\"health\">Health</a></p>");
        foreach (var group in routes.GroupBy(route => route.Note.Group))
        {
            page.Append($"<h2>{Text(group.Key)}</h2><table>");
            foreach (var route in group)
                page.Append($"<tr><td><code>{string.Join(", ", route.Methods.DefaultIfEmpty(HelpText.EveryMethod))}</code></td><td><code>{Text(route.Path)}</code></td><td>{Text(route.Note.Summary)}</td></tr>");
            page.Append("</table>");
        }

        page.Append("<h2>notes</h2><ul>");
        foreach (var note in HelpText.Notes) page.Append($"<li>{Text(note)}</li>");
        page.Append("</ul></body></html>");
        var bytes = Encoding.UTF8.GetBytes(page.ToString());
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
