using System.Buffers;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Http;

/// <summary>A request body in pooled memory. Disposing it gives the memory and its share of the budget back.</summary>
internal sealed class HeldBody : IDisposable
{
    private readonly BodyBudget budget;
    private byte[]? buffer;
    private long share;

    private HeldBody(BodyBudget budget) => this.budget = budget;

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => buffer is null ? default : buffer.AsMemory(0, Length);

    public ReadOnlySequence<byte> Sequence => new(Memory);

    /// <summary>A body that takes so long to read that the other connections of its thread would notice.</summary>
    private const int Long = 64 * 1024;

    /// <summary>Reads the whole body. <see cref="ErrorCode.BodyTooLarge"/> past the limit, <see cref="ErrorCode.Overloaded"/> past the budget.</summary>
    public static async ValueTask<HeldBody> ReadAsync(HttpRequest request, BodyBudget budget, CancellationToken cancellationToken)
    {
        var body = new HeldBody(budget);
        try
        {
            if (request.ContentLength > budget.LargestBody) throw budget.TooLarge();
            if (request.ContentLength != 0) await body.FillAsync(request, cancellationToken);
            // Where the sockets' own threads do the work, what takes longer must not hold them up.
            if (body.Length > Long && !Thread.CurrentThread.IsThreadPoolThread) await Task.Yield();
            return body;
        }
        catch (Exception fault)
        {
            body.Dispose();
            if (fault is BadHttpRequestException bad) throw new GatewayException(ErrorBoundary.ErrorOf(bad), bad);
            throw;
        }
    }

    public void Dispose()
    {
        if (buffer is { } held) budget.Pool.Return(held);
        buffer = null;
        Length = 0;
        budget.Release(Interlocked.Exchange(ref share, 0));
    }

    private async ValueTask FillAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        Grow((int)(request.ContentLength ?? 4096));
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            try
            {
                Append(result.Buffer);
            }
            finally
            {
                // Also where the body is refused: the server drains what is left of it and keeps the connection.
                reader.AdvanceTo(result.Buffer.End);
            }

            if (result.IsCompleted) return;
        }
    }

    private void Append(in ReadOnlySequence<byte> arrived)
    {
        if (Length + arrived.Length > budget.LargestBody) throw budget.TooLarge();
        if (Length + arrived.Length > buffer!.Length) Grow((int)Math.Max(Length + arrived.Length, Math.Min(buffer.Length * 2L, budget.LargestBody)));
        arrived.CopyTo(buffer.AsSpan(Length));
        Length += (int)arrived.Length;
    }

    private void Grow(int size)
    {
        var more = budget.Pool.Rent(Math.Max(size, 256));
        var extra = more.Length - share;
        if (!budget.TryTake(extra))
        {
            budget.Pool.Return(more);
            throw budget.Exhausted();
        }

        share += extra;
        if (buffer is { } old)
        {
            old.AsSpan(0, Length).CopyTo(more);
            budget.Pool.Return(old);
        }

        buffer = more;
    }
}

/// <summary>The memory that all held bodies share, so that many large requests are refused before the process runs out of it.</summary>
internal sealed class BodyBudget(LiveSettings settings, ArrayPool<byte> pool)
{
    private long held;

    /// <summary>Where the memory comes from.</summary>
    public ArrayPool<byte> Pool => pool;

    public long LargestBody => settings.Current.Limits.BodyBytes;

    /// <summary>Bytes held now.</summary>
    public long Held => Volatile.Read(ref held);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref held, bytes) <= settings.Current.Limits.HeldBytes) return true;
        Interlocked.Add(ref held, -bytes);
        return false;
    }

    public void Release(long bytes) => Interlocked.Add(ref held, -bytes);

    public GatewayException TooLarge() =>
        new(new GatewayError(ErrorCode.BodyTooLarge, $"The request body is larger than {settings.Current.Limits.BodyBytes} bytes. The limit is the setting limits.body_bytes.") { Limit = "limits.body_bytes" });

    public GatewayException Exhausted() =>
        new(new GatewayError(ErrorCode.Overloaded, "Too much request data is being held; try again shortly. The limit is the setting limits.held_bytes.") { Limit = "limits.held_bytes", RetryAfter = TimeSpan.FromSeconds(1) });
}
