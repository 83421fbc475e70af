using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>Requests handed on as they are, and replies handed back as they come.</summary>
internal static class ReplyRelay
{
    /// <summary>The request as an exchange; its body streams through and is cut off at the limit for unheld bodies.</summary>
    public static Exchange ToExchange(this HttpContext context, Dialect dialect, string path, GatewayOptions options)
    {
        var request = context.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)) context.Grant()?.DemandEveryModel("this route");
        var most = options.Limits.StreamBodyBytes;
        if (request.ContentLength > most) throw new GatewayException(ErrorCode.BodyTooLarge, $"The request body is larger than {most} bytes. The limit is the setting limits.stream_body_bytes.");
        var hasBody = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        return new Exchange
        {
            Dialect = dialect,
            Method = request.Method,
            PathAndQuery = path + request.QueryString,
            Headers = context.HeadersToPass(options),
            ContentType = request.ContentType,
            BodyStream = hasBody ? new BoundedStream(request.Body, most) : null,
        };
    }

    /// <summary>Status, headers that may return, and the body, flushed read by read.</summary>
    public static async Task WriteAsync(HttpContext context, ExchangeReply reply)
    {
        var response = context.Response;
        response.StatusCode = reply.Status;
        foreach (var header in reply.Headers)
            if (ForwardedHeaders.MayReturn(header.Name)) response.Headers.Append(header.Name, header.Value);
        response.ContentType = reply.ContentType;
        response.Headers[RequestIdentity.Header] = context.TraceIdentifier;
        await foreach (var block in reply.Blocks(context.RequestAborted)) await context.SendAsync(block);
    }

    /// <summary>A body that streams through, up to a limit.</summary>
    private sealed class BoundedStream(Stream body, long most) : Stream
    {
        private long seen;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => seen; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await body.ReadAsync(buffer, cancellationToken);
            seen += read;
            if (seen > most) throw new GatewayException(ErrorCode.BodyTooLarge, $"The request body is larger than {most} bytes. The limit is the setting limits.stream_body_bytes.");
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
